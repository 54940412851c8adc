//! What the examples share: their arguments, how a server runs until it is told to stop, how a client prompts.

mod arguments;
mod client;
mod server;

pub use arguments::{Arguments, MixInName};
pub use client::prompt;
pub use server::run;

/// What an example's `main` returns.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;
