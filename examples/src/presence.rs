//! Whether a client is still there.

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use socketserver::Socket;
use std::{
    io,
    time::{Duration, Instant},
};

/// The client has shut down its sending side, or has left. Other systems than Linux report that as [`GONE`].
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) const HALF_CLOSED: PollFlags = PollFlags::RDHUP;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) const HALF_CLOSED: PollFlags = PollFlags::empty();

/// The client has reset the connection, or the server has shut it down. Reported whether asked for or not.
pub(crate) const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR);

/// Waits until the client leaves, at most as long as said; whether it did.
///
/// # Errors
/// What poll(2) fails with.
pub(crate) fn leaves_within(client: &Socket, time: Duration) -> io::Result<bool> {
    let until = Instant::now() + time;
    loop {
        let mut fds = [PollFd::new(client, HALF_CLOSED)];
        if poll_for(&mut fds, until.saturating_duration_since(Instant::now()))? > 0 {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
    }
}

/// poll(2); a signal is as good as nothing having happened.
///
/// # Errors
/// What poll(2) fails with.
pub(crate) fn poll_for(fds: &mut [PollFd<'_>], time: Duration) -> io::Result<usize> {
    // What is longer than a timespec holds is no limit.
    match poll(fds, Timespec::try_from(time).ok().as_ref()) {
        Err(Errno::INTR) => Ok(0),
        result => Ok(result?),
    }
}
