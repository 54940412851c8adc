//! The only unsafe code of `socketserver`: what rustix, nix and socket2 do not offer as safe functions.
//!
//! Everything here is safe to *call*; each block says why. The other crates `#![forbid(unsafe_code)]`.

mod child;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod datagrams;
mod fd;
mod idle;
mod lock;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod queue;
mod shared;
#[doc(hidden)] // the workspace's own
pub mod sync;
mod terminate;

pub use child::{Child, Fork, fork};
#[cfg(any(target_os = "linux", target_os = "android"))]
pub use datagrams::{MOST_DATAGRAMS, recv_datagrams, send_datagrams};
pub use fd::adopt_fd;
pub use idle::{begin_wait, end_wait};
pub use lock::ForkMutex;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub use queue::{has_filter, queue_length};
pub use shared::{SharedPart, SharedWords};
pub use terminate::was_terminated;
