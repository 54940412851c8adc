//! What the examples share: their arguments, how a server runs until it is told to stop, how a client prompts.

pub mod admission;
mod arguments;
mod client;
pub mod command;
mod datagram;
mod failure;
pub mod multiprocessing;
mod presence;
mod server;
mod signals;
pub mod talk;

pub use arguments::address;
pub use client::{converse, prompt};
pub use datagram::ask_over_udp;
pub use failure::{Failure, Result};
pub use server::{MixInChoice, run, serve};
pub use signals::end_on_signals;
