//! Waking a loop that waits for clients: at once, from any thread, without polling.

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

/// A descriptor that can be made readable: an eventfd on Linux, a pipe elsewhere.
#[derive(Debug)]
pub(crate) struct Waker {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    event: OwnedFd,
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pipe: (OwnedFd, OwnedFd),
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        use rustix::event::{EventfdFlags, eventfd};
        Ok(Waker { event: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)? })
    }

    /// Makes it readable. Can't fail in a way that matters: a counter that is full is readable.
    pub(crate) fn wake(&self) {
        let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
    }

    /// Makes it unreadable again.
    pub(crate) fn reset(&self) {
        let _ = rustix::io::read(&self.event, &mut [0; 8]);
    }

    fn readable(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        let pipe = rustix::pipe::pipe()?;
        for end in [&pipe.0, &pipe.1] {
            rustix::io::ioctl_fionbio(end, true)?;
            rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
        }
        Ok(Waker { pipe })
    }

    pub(crate) fn wake(&self) {
        let _ = rustix::io::write(&self.pipe.1, &[1]);
    }

    pub(crate) fn reset(&self) {
        while rustix::io::read(&self.pipe.0, &mut [0; 64]).is_ok_and(|n| n == 64) {}
    }

    fn readable(&self) -> BorrowedFd<'_> {
        self.pipe.0.as_fd()
    }
}

/// What a wait ended with. All may be true at once, and none if the time was up.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) woken: bool,
    pub(crate) request: bool,
    pub(crate) mixin: bool,
    pub(crate) signal: bool,
}

/// What a wait is for, beside a wake-up.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) request: Option<BorrowedFd<'a>>,
    pub(crate) mixin: Option<BorrowedFd<'a>>,
    pub(crate) signal: Option<BorrowedFd<'a>>,
    pub(crate) until: Option<Instant>,
}

impl Waker {
    /// Waits until it is woken, one of the descriptors is readable, or the time has come.
    pub(crate) fn wait(&self, wanted: Wanted<'_>) -> io::Result<Ready> {
        let mut slots = [Some(self.readable()), wanted.request, wanted.mixin, wanted.signal]
            .map(|fd| slot(fd, self.readable()));
        loop {
            let left = wanted.until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = left.map(|left| left.min(Duration::from_secs(86_400)).try_into().unwrap_or_default());
            match poll(&mut slots, left.as_ref()) {
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok(_) => break,
            }
        }
        let [woken, request, mixin, signal] = slots.map(|slot| !slot.revents().is_empty());
        Ok(Ready { woken, request, mixin, signal })
    }
}

/// A slot for what is wanted; one that watches for nothing, of `other`, for what isn't.
fn slot<'a>(fd: Option<BorrowedFd<'a>>, other: BorrowedFd<'a>) -> PollFd<'a> {
    let interest = if fd.is_some() { PollFlags::IN } else { PollFlags::empty() };
    PollFd::from_borrowed_fd(fd.unwrap_or(other), interest)
}
