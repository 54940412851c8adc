//! What threads share a number, a lock or a descriptor through, wherever it matters who comes first.
//!
//! Here it is the standard library's, and a system call is just made. Under `--cfg loom` it is a model instead, in which
//! [loom](https://docs.rs/loom) tries all orders that the threads of a test may run in: see `models.rs` of the crates that use this.

#[cfg(loom)]
#[path = "sync/modelled.rs"]
mod used;

#[cfg(not(loom))]
#[path = "sync/real.rs"]
mod used;

pub use used::*;
