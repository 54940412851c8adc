//! A TCP port that can be closed for a while without being given up.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod by_shutdown;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod not_here;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use by_shutdown::Port;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use not_here::Port;

use std::{io, time::Duration};

/// Those who are being connected when the others can't begin any more get so long to come through: they would be reset.
pub(crate) const HANDSHAKE: Duration = Duration::from_millis(5);

/// An error that says what can't be done, and why.
pub(crate) fn unsupported(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}
