//! Hearing of a child's end by a descriptor: no SIGCHLD handler, no polling, no `waitpid(-1)`.

use rustix::process::{Pid, Signal};
use std::{os::fd::OwnedFd, sync::Arc, time::Instant};

/// The descriptor by which a child is watched: a pidfd, or the reading end of a pipe whose other end the child holds.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    descriptor: Option<Arc<OwnedFd>>,
    is_pidfd: bool,
}

impl Watched {
    /// What ends the child at once. By pidfd if there is one, so that it can't hit another process of the same number.
    pub(crate) fn killer(&self, pid: Pid) -> impl Fn() + Send + 'static {
        let watched = self.clone();
        move || {
            // It may have ended by itself.
            let _ = match &watched.descriptor {
                #[cfg(any(target_os = "linux", target_os = "android"))]
                Some(pidfd) if watched.is_pidfd => rustix::process::pidfd_send_signal(pidfd, Signal::KILL),
                _ => rustix::process::kill_process(pid, Signal::KILL),
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
        os::fd::{AsFd, BorrowedFd},
        sync::atomic::{AtomicBool, Ordering::Relaxed},
        time::Duration,
    };

    /// One descriptor for all children: an epoll that has each child's in it. Made when the first child is.
    #[derive(Debug, Default)]
    pub(crate) struct Watch {
        epoll: std::sync::OnceLock<OwnedFd>,
        /// The kernel has no pidfd, which it said once.
        no_pidfd: AtomicBool,
        /// A child is watched by nothing (descriptors have run out): all must be asked.
        somebody_unwatched: AtomicBool,
    }

    /// Both ends of a pipe, made before a fork; the child keeps the second.
    pub(crate) type Lifeline = Option<(OwnedFd, OwnedFd)>;

    impl Watch {
        pub(crate) fn new() -> Self {
            let this = Watch::default();
            if let Ok(epoll) = epoll::create(epoll::CreateFlags::CLOEXEC) {
                let _ = this.epoll.set(epoll);
            }
            this
        }

        /// A pipe for the child to come, if pidfds are not to be had.
        pub(crate) fn lifeline(&self) -> Lifeline {
            self.no_pidfd.load(Relaxed).then(|| pipe_with(PipeFlags::CLOEXEC).ok()).flatten()
        }

        pub(crate) fn add(&self, pid: Pid, lifeline: Lifeline) -> Watched {
            let (descriptor, is_pidfd) = match lifeline {
                Some((reading_end, _)) => (Some(reading_end), false),
                None => match pidfd_open(pid, PidfdFlags::empty()) {
                    Ok(pidfd) => (Some(pidfd), true),
                    Err(error) => {
                        self.no_pidfd.store(error == Errno::NOSYS || error == Errno::PERM, Relaxed);
                        (None, false)
                    }
                },
            };
            let key = epoll::EventData::new_u64(pid.as_raw_nonzero().get() as u64);
            let is_watched = match (&descriptor, self.epoll.get()) {
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
            let Some(epoll) = self.readiness() else { return std::thread::yield_now() };
            // Children that are not watched are asked every now and then.
            let unwatched = self.somebody_unwatched.load(Relaxed).then_some(Duration::from_millis(20));
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = left.into_iter().chain(unwatched).min().and_then(|left| left.try_into().ok());
            let _ = poll(&mut [PollFd::from_borrowed_fd(epoll, PollFlags::IN)], left.as_ref());
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

    pub(crate) type Lifeline = ();

    impl Watch {
        pub(crate) fn new() -> Self {
            Watch
        }
        pub(crate) fn lifeline(&self) -> Lifeline {}
        pub(crate) fn add(&self, _pid: Pid, _lifeline: Lifeline) -> Watched {
            Watched { descriptor: None, is_pidfd: false }
        }
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
