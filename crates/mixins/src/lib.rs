//! Ways to run a handler.
//!
//! | Mix-in | a request runs | Python |
//! |---|---|---|
//! | [`ThreadingMixIn`] | on a thread of its own; threads are used again | `ThreadingMixIn` |
//! | [`ForkingMixIn`] | in a child process of its own | `ForkingMixIn` |
#![forbid(unsafe_code)]

mod forking;
mod threading;

pub use forking::ForkingMixIn;
pub use threading::ThreadingMixIn;
