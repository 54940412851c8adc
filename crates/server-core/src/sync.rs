//! Locks, and the wait for descriptors: the real ones, or under `--cfg loom` those of a model. See `socketserver_sys::sync`.

#[cfg(not(loom))]
pub(crate) use {
    parking_lot::{Condvar, Mutex},
    rustix::event::poll,
};

#[cfg(loom)]
pub(crate) use socketserver_sys::sync::{Condvar, Mutex};

/// As poll(2), but for ever.
#[cfg(loom)]
pub(crate) fn poll(
    slots: &mut [rustix::event::PollFd<'_>],
    _: Option<&rustix::event::Timespec>,
) -> rustix::io::Result<usize> {
    socketserver_sys::sync::waiting_call(|| {
        let now = Some(&Default::default());
        Some(rustix::event::poll(slots, now)).filter(|polled| *polled != Ok(0))
    })
}
