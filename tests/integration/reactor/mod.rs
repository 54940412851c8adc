//! Connections that wait without a thread: who waits, who runs, and what ends them.

mod ahead;
mod closing;
mod ends;
mod house;
mod idle;
mod parked;
mod stalls;
mod without_sockets;
