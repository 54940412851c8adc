//! What the tests of faults, the table of faults and the soak have in common: a server in a process of its own, by the mix-in of
//! choice; its clients; and what /proc says of it.

mod client;
mod counts;
mod injection;
mod limits;
mod proc;
mod program;
mod sender;
mod serve;
mod tracer;

pub use client::{Client, ask};
pub use counts::Counts;
pub use injection::Injection;
pub use limits::{exhaust_descriptors, limit_descriptors, limit_memory, restore_descriptors};
pub use proc::{Usage, children_of, descriptors, is_stopped, is_zombie, resident, signal, threads};
pub use program::{Builder, Program};
pub use sender::Sender;
pub use serve::serve;
pub use tracer::Tracer;

use std::time::{Duration, Instant};

/// How long something may take that ought to take no time. Only a failure meets it, however busy the machine is.
pub const GUARD: Duration = Duration::from_secs(30);

/// The six of the library.
pub const MIXINS: [&str; 6] = ["sequential", "threading", "pool", "forking", "prefork", "reactor"];

/// Waits until `condition` holds. For what nothing announces; end-of-file or a line is better where there is one.
///
/// # Panics
/// If that takes too long.
#[track_caller]
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + GUARD;
    while !condition() {
        assert!(Instant::now() < end, "waited {GUARD:?} for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
