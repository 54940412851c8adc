//! Processes that serve side by side: who they are, what replaces them, and how they end.

mod ending;
mod house;
mod inners;
mod lacking;
mod replacing;
mod resizing;
mod sockets;
mod steering;
mod trouble;
