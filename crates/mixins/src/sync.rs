//! Locks, threads and the wait for events: the real ones, or under `--cfg loom` those of a model. See `socketserver_sys::sync`.

#[cfg(not(loom))]
pub(crate) use {
    parking_lot::{Condvar, Mutex},
    std::thread,
};

#[cfg(all(not(loom), any(target_os = "linux", target_os = "android")))]
pub(crate) use {parking_lot::MutexGuard, rustix::event::epoll::wait as epoll_wait};

#[cfg(loom)]
pub(crate) use socketserver_sys::sync::{Condvar, Mutex, MutexGuard, loom::thread};

/// As epoll_wait(2), but at once or for ever.
#[cfg(loom)]
pub(crate) fn epoll_wait<B: rustix::buffer::Buffer<rustix::event::epoll::Event>>(
    epoll: &std::os::fd::OwnedFd,
    events: B,
    timeout: Option<&rustix::event::Timespec>,
) -> rustix::io::Result<B::Output> {
    use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
    let now = Timespec::default();
    let is_ready = || poll(&mut [PollFd::new(epoll, PollFlags::IN)], Some(&now)) != Ok(0);
    if timeout != Some(&now) {
        socketserver_sys::sync::waiting_call(|| is_ready().then_some(()));
    }
    socketserver_sys::sync::call(|| epoll::wait(epoll, events, Some(&now)))
}
