//! The thread of a worker process that listens to its parent, and ends by force what overstays, since the loop may be inside a handler.

use crate::{core::Core, signals::Ear, signals::Heard, wake::left, worker_process::LAST_WORDS};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{Signal, getpid, kill_process},
};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Starts it, where the process may have threads. Where it must not have any, or it can't be started, the loop itself listens; where the
/// mix-in forks that never is inside a handler.
pub(crate) fn start(core: &Arc<Core>) {
    let Some(ear) = core.ear() else { return };
    let of_thread = core.clone();
    let thread = thread::Builder::new().name("control".into());
    if thread.spawn(move || Control { core: &of_thread, has_parent: true, forced: None }.listen(&ear)).is_ok()
    {
        core.hear(None); // the loop needn't
    }
}

struct Control<'a> {
    core: &'a Core,
    has_parent: bool,
    /// What overstayed this end has been ended by force.
    forced: Option<Instant>,
}

impl Control<'_> {
    fn listen(mut self, ear: &Ear) {
        loop {
            self.core.tend_worker(false); // the loop may not come to it
            // As `Handle::shutdown` in the parent does, a moment after its deadline: it counts first what is left.
            let end = self.end().and_then(|end| end.checked_add(LAST_WORDS));
            let is_late = |end: Instant| end <= Instant::now();
            let mut until = end;
            if let Some(end) = end.filter(|end| is_late(*end)) {
                if self.forced.replace(end) != Some(end) {
                    self.core.force();
                }
                // Where there is a parent, it kills who doesn't notice.
                until = end.checked_add(LAST_WORDS * 2).filter(|_| !self.has_parent);
                if until.is_some_and(is_late) {
                    let _ = kill_process(getpid(), Signal::KILL);
                }
            }
            self.wait(ear, until.into_iter().chain(self.core.tend_retirement()).min());
            while let Some(heard) = self.has_parent.then(|| ear.take()).flatten() {
                self.has_parent = !matches!(heard, Heard::End(_));
                self.core.obey(heard);
            }
        }
    }

    /// When requests in progress must have ended, if the worker ends.
    fn end(&self) -> Option<Instant> {
        self.core.drain_until().filter(|_| self.core.is_stopping())
    }

    fn wait(&self, ear: &Ear, until: Option<Instant>) {
        let ears = ear.readiness().into_iter().flatten().filter(|_| self.has_parent);
        let mut slots: Vec<_> = ears.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        match poll(&mut slots, left(until).as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => thread::sleep(Duration::from_millis(5)), // a lack of memory, which must not make it deaf
        }
    }
}
