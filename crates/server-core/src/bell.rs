//! A descriptor that can be made readable.

use socketserver_sys::{
    Child,
    sync::{call, waking_call},
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

/// A descriptor that can be made readable: an eventfd on Linux, a pipe elsewhere. What a mix-in may give as its
/// [`wake_source`](crate::MixIn::wake_source).
///
/// ```
/// use socketserver_core::Bell;
/// use std::os::fd::AsFd;
///
/// let bell = Bell::new()?;
/// bell.ring();
/// bell.ring(); // by any thread; `bell.as_fd()` is readable now …
/// bell.silence(); // … and isn't any more
/// # std::io::Result::Ok(())
/// ```
#[cfg(any(target_os = "linux", target_os = "android"))]
#[derive(Debug)]
pub struct Bell(OwnedFd);

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Bell {
    /// One that is silent again after [`silence`](Self::silence), however often it was rung.
    ///
    /// # Errors
    /// What eventfd(2) reports, or pipe(2): no more descriptors.
    pub fn new() -> io::Result<Self> {
        use rustix::event::{EventfdFlags, eventfd};
        Ok(Bell(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// One that must be silenced as often as it was rung.
    pub(crate) fn one_by_one() -> io::Result<Self> {
        use rustix::event::{EventfdFlags, eventfd};
        Ok(Bell(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK | EventfdFlags::SEMAPHORE)?))
    }

    /// Makes it readable. Can't fail in a way that matters: a counter that is full is readable.
    pub fn ring(&self) {
        let _ = waking_call(|| rustix::io::write(&self.0, &1_u64.to_ne_bytes()));
    }

    /// Makes it unreadable again.
    pub fn silence(&self) {
        let _ = self.was_rung();
    }

    /// Makes it unreadable again; whether it was readable.
    pub(crate) fn was_rung(&self) -> bool {
        call(|| rustix::io::read(&self.0, &mut [0; 8])).is_ok()
    }

    /// In a child that has no use for it.
    pub(crate) fn close_in_child(&self, child: &Child) {
        child.close_inherited(self.0.as_fd());
    }

    fn readable(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A descriptor that can be made readable: an eventfd on Linux, a pipe elsewhere. What a mix-in may give as its
/// [`wake_source`](crate::MixIn::wake_source).
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[derive(Debug)]
pub struct Bell {
    pipe: (OwnedFd, OwnedFd),
    one_by_one: bool,
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Bell {
    /// One that is silent again after [`silence`](Self::silence), however often it was rung.
    ///
    /// # Errors
    /// What eventfd(2) reports, or pipe(2): no more descriptors.
    pub fn new() -> io::Result<Self> {
        let pipe = rustix::pipe::pipe()?;
        for end in [&pipe.0, &pipe.1] {
            rustix::io::ioctl_fionbio(end, true)?;
            rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
        }
        Ok(Bell { pipe, one_by_one: false })
    }

    pub(crate) fn one_by_one() -> io::Result<Self> {
        Ok(Bell { one_by_one: true, ..Bell::new()? })
    }

    /// Makes it readable. Can't fail in a way that matters: a pipe that is full is readable.
    pub fn ring(&self) {
        let _ = waking_call(|| rustix::io::write(&self.pipe.1, &[1]));
    }

    /// Makes it unreadable again.
    pub fn silence(&self) {
        let _ = self.was_rung();
    }

    /// Makes it unreadable again; whether it was readable.
    pub(crate) fn was_rung(&self) -> bool {
        if self.one_by_one {
            return call(|| rustix::io::read(&self.pipe.0, &mut [0; 1])).is_ok();
        }
        let mut read = [0; 64];
        let mut take = || call(|| rustix::io::read(&self.pipe.0, &mut read));
        let first = take();
        let mut last = first;
        while last == Ok(64) {
            last = take();
        }
        first.is_ok()
    }

    /// In a child that has no use for it.
    pub(crate) fn close_in_child(&self, child: &Child) {
        child.close_inherited(self.pipe.0.as_fd());
        child.close_inherited(self.pipe.1.as_fd());
    }

    fn readable(&self) -> BorrowedFd<'_> {
        self.pipe.0.as_fd()
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.readable()
    }
}
