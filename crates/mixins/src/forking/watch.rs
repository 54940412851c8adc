//! Hearing of a child's end by a descriptor: no SIGCHLD handler, no polling, no `waitpid(-1)`.

use rustix::process::{Pid, Signal};
use socketserver_sys::Child;
use std::{
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::Instant,
};

/// The descriptor by which a child is watched: a pidfd, or the reading end of a pipe whose other end the child holds.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    descriptor: Option<Arc<OwnedFd>>,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    is_pidfd: bool,
}

/// Both ends of a pipe, where there is no pidfd, made before a fork: the child keeps the second as long as it runs.
pub(crate) type Lifeline = Option<(OwnedFd, OwnedFd)>;

impl Watched {
    /// In a child, which doesn't watch its siblings. To be forgotten then.
    pub(crate) fn close_in_child(&self, child: &Child) {
        if let Some(descriptor) = &self.descriptor {
            child.close_inherited(descriptor.as_fd());
        }
    }

    /// What ends the child at once. By pidfd if there is one, so that it can't hit another process of the same number.
    pub(crate) fn killer(&self, pid: Pid) -> impl Fn() + Send + 'static {
        self.sender(pid, Signal::KILL)
    }

    /// What sends a signal to the child.
    pub(crate) fn sender(&self, pid: Pid, signal: Signal) -> impl Fn() + Send + 'static {
        let watched = self.clone();
        move || {
            // It may have ended by itself.
            let _ = match &watched.descriptor {
                #[cfg(any(target_os = "linux", target_os = "android"))]
                Some(pidfd) if watched.is_pidfd => rustix::process::pidfd_send_signal(pidfd, signal),
                _ => rustix::process::kill_process(pid, signal),
            };
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod by_epoll {
    use super::*;
    use rustix::{
        event::{PollFd, PollFlags, epoll, poll},
        io::Errno,
        pipe::{PipeFlags, pipe_with},
        process::{PidfdFlags, pidfd_open},
    };
    use std::{
        os::fd::BorrowedFd,
        sync::atomic::{AtomicBool, Ordering::Relaxed},
        time::Duration,
    };

    /// One descriptor for all children: an epoll that has each child's in it. Made when the first child is, so that servers
    /// in several processes, forked from one, don't share it.
    #[derive(Debug, Default)]
    pub(crate) struct Watch {
        epoll: std::sync::OnceLock<OwnedFd>,
        /// The kernel has no pidfd, or they are forbidden, which is found out before the first child.
        lacks_pidfd: std::sync::OnceLock<bool>,
        /// A child is watched by nothing (descriptors have run out): all must be asked.
        somebody_unwatched: AtomicBool,
    }

    impl Watch {
        pub(crate) fn new() -> Self {
            Watch::default()
        }

        fn epoll(&self) -> Option<&OwnedFd> {
            if self.epoll.get().is_none()
                && let Ok(epoll) = epoll::create(epoll::CreateFlags::CLOEXEC)
            {
                let _ = self.epoll.set(epoll); // another thread may have been faster
            }
            self.epoll.get()
        }

        /// Makes a wait end when `bell` is readable, too.
        pub(crate) fn add_bell(&self, bell: BorrowedFd<'_>) {
            let no_child = epoll::EventData::new_u64(0);
            let is_watched =
                self.epoll().is_some_and(|it| epoll::add(it, bell, no_child, epoll::EventFlags::IN).is_ok());
            if !is_watched {
                self.somebody_unwatched.store(true, Relaxed);
            }
        }

        /// Whether the descriptor tells of all there is to tell.
        pub(crate) fn is_complete(&self) -> bool {
            !self.somebody_unwatched.load(Relaxed)
        }

        /// There are no children any more, so none is unwatched.
        pub(crate) fn has_none(&self) {
            self.somebody_unwatched.store(false, Relaxed);
        }

        /// A pipe for the child to come, if pidfds are not to be had.
        pub(crate) fn lifeline(&self) -> Lifeline {
            self.lacks_pidfd().then(|| pipe_with(PipeFlags::CLOEXEC).ok()).flatten()
        }

        fn lacks_pidfd(&self) -> bool {
            let refused = || pidfd_open(rustix::process::getpid(), PidfdFlags::empty()).err();
            *self
                .lacks_pidfd
                .get_or_init(|| matches!(refused(), Some(Errno::NOSYS | Errno::PERM | Errno::ACCESS)))
        }

        pub(crate) fn add(&self, pid: Pid, lifeline: Lifeline) -> Watched {
            let (descriptor, is_pidfd) = match lifeline {
                Some((reading_end, _)) => (Some(reading_end), false),
                None => match pidfd_open(pid, PidfdFlags::empty()) {
                    Ok(pidfd) => (Some(pidfd), true),
                    Err(_) => (None, false),
                },
            };
            let key = epoll::EventData::new_u64(pid.as_raw_nonzero().get() as u64);
            let is_watched = match (&descriptor, self.epoll()) {
                (Some(fd), Some(epoll)) => epoll::add(epoll, fd, key, epoll::EventFlags::IN).is_ok(),
                _ => false,
            };
            if !is_watched {
                self.somebody_unwatched.store(true, Relaxed);
            }
            Watched { descriptor: descriptor.map(Arc::new), is_pidfd }
        }

        pub(crate) fn remove(&self, watched: &Watched) {
            if let (Some(fd), Some(epoll)) = (&watched.descriptor, self.epoll.get()) {
                let _ = epoll::delete(epoll, &**fd); // it may not have been added
            }
        }

        pub(crate) fn readiness(&self) -> Option<BorrowedFd<'_>> {
            self.epoll.get().map(AsFd::as_fd)
        }

        /// The children that have ended; `None` if all must be asked.
        pub(crate) fn ready(&self) -> Option<Vec<Pid>> {
            if self.somebody_unwatched.load(Relaxed) {
                return None;
            }
            let mut events = Vec::with_capacity(64);
            epoll::wait(
                self.epoll.get()?,
                rustix::buffer::spare_capacity(&mut events),
                Some(&Default::default()),
            )
            .ok()?;
            Some(events.iter().filter_map(|event| Pid::from_raw(event.data.u64() as i32)).collect())
        }

        /// Waits until a child ends, or `until`.
        pub(crate) fn wait(&self, until: Option<Instant>) {
            // Children that are not watched are asked every now and then.
            let unwatched = (!self.is_complete()).then_some(Duration::from_millis(20));
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = left.into_iter().chain(unwatched).min();
            let Some(epoll) = self.readiness() else {
                return std::thread::sleep(left.unwrap_or_default().min(Duration::from_millis(20)));
            };
            let left = left.and_then(|left| left.try_into().ok());
            let waited = poll(&mut [PollFd::from_borrowed_fd(epoll, PollFlags::IN)], left.as_ref());
            if waited.is_err_and(|error| error != Errno::INTR) {
                std::thread::sleep(Duration::from_millis(5)); // no memory to wait by: who calls asks the children
            }
        }
    }
}
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use by_epoll::Watch;

/// Where there is no epoll: all children are asked whenever the loop comes round.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod by_asking {
    use super::*;
    use std::{os::fd::BorrowedFd, time::Duration};

    #[derive(Debug)]
    pub(crate) struct Watch;

    impl Watch {
        pub(crate) fn new() -> Self {
            Watch
        }
        pub(crate) fn lifeline(&self) -> Lifeline {
            None
        }
        pub(crate) fn add(&self, _pid: Pid, _lifeline: Lifeline) -> Watched {
            Watched { descriptor: None }
        }
        pub(crate) fn add_bell(&self, _bell: BorrowedFd<'_>) {}
        pub(crate) fn is_complete(&self) -> bool {
            false
        }
        pub(crate) fn has_none(&self) {}
        pub(crate) fn remove(&self, _watched: &Watched) {}
        pub(crate) fn readiness(&self) -> Option<BorrowedFd<'_>> {
            None
        }
        pub(crate) fn ready(&self) -> Option<Vec<Pid>> {
            None
        }
        pub(crate) fn wait(&self, until: Option<Instant>) {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            std::thread::sleep(left.unwrap_or(Duration::MAX).min(Duration::from_millis(20)));
        }
    }
}
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use by_asking::Watch;
