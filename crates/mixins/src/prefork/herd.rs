//! The processes, and what they have in common: everything but forking them.

use super::{
    back_off::BackOff,
    news::{News, Teller},
    plan::{self, Step},
    process::Process,
};
use crate::forking::watch::Watch;
use parking_lot::Mutex;
use rustix::{
    io::Errno,
    process::{WaitOptions, waitpid},
};
use socketserver_core::{Bell, WorkerPhase};
use socketserver_sys::{ForkMutex, sync::ForkMutexGuard};
use std::{
    io,
    os::fd::AsFd,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

#[derive(Debug)]
pub(crate) struct Herd {
    pub(crate) target: AtomicUsize,
    /// Counts the restarts.
    pub(crate) generation: AtomicU64,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) grace: Option<Duration>,
    /// Each process has a socket of its own.
    pub(crate) socket_each: bool,
    pub(crate) watch: Watch,
    /// Rung by processes that have something to say, and by who wants something of them. Made when it is first needed.
    bell: OnceLock<Arc<Bell>>,
    list: ForkMutex<List>,
    /// Held by who waits for ends, so that no other takes an end away.
    waiting: Mutex<()>,
    pub(crate) teller: Teller,
}

#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) processes: Vec<Process>,
    pub(crate) back_off: BackOff,
    /// To be told when the list isn't locked any more.
    pub(crate) news: Vec<News>,
    /// What a process ended by that couldn't take in anybody. No other could, either.
    pub(crate) unusable: Option<io::Error>,
}

impl Herd {
    pub(crate) fn new(target: usize) -> Self {
        Herd {
            target: AtomicUsize::new(target),
            generation: AtomicU64::new(0),
            heartbeat: Some(Duration::from_secs(60)),
            grace: Some(Duration::from_secs(30)),
            socket_each: false,
            watch: Watch::new(),
            bell: OnceLock::new(),
            list: ForkMutex::default(),
            waiting: Mutex::default(),
            teller: Teller::default(),
        }
    }

    pub(crate) fn bell(&self) -> io::Result<&Arc<Bell>> {
        if self.bell.get().is_none() {
            let bell = Arc::new(Bell::new()?);
            if self.bell.set(bell.clone()).is_ok() {
                self.watch.add_bell(bell.as_fd());
            }
        }
        Ok(self.bell.get().expect("it has just been set"))
    }

    /// Lets somebody look after the processes.
    pub(crate) fn call(&self) {
        if let Some(bell) = self.bell.get() {
            bell.ring();
        }
    }

    pub(crate) fn lock(&self) -> ForkMutexGuard<'_, List> {
        self.list.lock()
    }

    /// A run begins: those that are still there tell nothing of it.
    pub(crate) fn begin(&self) {
        let mut list = self.lock();
        list.unusable = None;
        list.processes.iter_mut().for_each(|process| process.is_of_old = true);
    }

    /// Looks after the processes that there are: notices ends, kills what hangs or overstays. Gives what they ask for: that the
    /// server be stopped.
    pub(crate) fn tend(&self, list: &mut List, now: Instant) -> Option<Option<Duration>> {
        if let Some(bell) = self.bell.get() {
            bell.silence(); // before the look, so that nothing goes unheard
        }
        self.reap(list, now);
        let mut asked = None;
        for process in &mut list.processes {
            asked = asked.or_else(|| process.worker.asks_to_stop());
            if process.phase() == WorkerPhase::Leaving {
                process.leaves(self.grace, now);
            } else if let Some(silent_for) = self.heartbeat.and_then(|it| process.hangs(it, now)) {
                list.news.push(News::Hung { pid: process.worker.pid(), silent_for });
                process.kill(now);
            }
            process.stop_if_late(now);
            process.kill_if_late(now);
        }
        asked
    }

    /// Forgets those that have ended. Waits only for ids in the list, so nobody else's child is taken.
    fn reap(&self, list: &mut List, now: Instant) {
        let List { processes, back_off, news, unusable } = list;
        processes.retain(|process| {
            let status = match waitpid(Some(process.pid), WaitOptions::NOHANG) {
                Ok(Some((_, status))) => status.exit_status(),
                Ok(None) | Err(Errno::INTR) => return true,
                Err(_) => None, // the host program ignores SIGCHLD, and the system has reaped it
            };
            self.watch.remove(&process.watched);
            let expected = process.is_told() || process.has_left() && status == Some(0);
            let back_off = if expected { Duration::ZERO } else { back_off.died(process.age(now), now) };
            *unusable = process.worker.unusable().filter(|_| !process.is_of_old).or_else(|| unusable.take());
            let (pid, lost) = (process.worker.pid(), process.worker.stats().active);
            news.push(News::Ended { pid, status, expected, back_off, lost });
            false
        });
    }

    /// Tells all to stop; those that were told before count by the earlier of the two ends. An end that has passed is now, once: it isn't put off
    /// by saying it again.
    pub(crate) fn stop_all(&self, until: Option<Instant>, now: Instant) {
        let until = until.map(|until| until.max(now));
        let grace = until.map(|until| until.saturating_duration_since(now));
        for process in &mut self.lock().processes {
            if process.would_end_sooner(until) {
                process.stop(grace, now);
            } else {
                process.stop_emptying(now);
            }
        }
    }

    /// What to do next about their number, if anything.
    pub(crate) fn plan(&self, list: &List, now: Instant) -> Option<Step> {
        let seen: Vec<_> = list.processes.iter().map(Process::seen).collect();
        let step = if self.socket_each { plan::step_by_socket } else { plan::step };
        let step = step(&seen, self.target.load(SeqCst), self.generation.load(SeqCst))?;
        let must_wait = matches!(step, Step::Fork(_)) && list.back_off.until(now).is_some();
        (!must_wait).then_some(step)
    }

    /// When somebody must look after them, though nothing has happened.
    pub(crate) fn wake_time(&self, list: &List, now: Instant) -> Option<Instant> {
        let unheard = (!self.watch.is_complete()).then(|| now + Duration::from_millis(100));
        let of_each = list.processes.iter().flat_map(|process| {
            let beat = self.heartbeat.filter(|_| process.phase() != WorkerPhase::Leaving);
            process.look_at().into_iter().chain(beat.and_then(|heartbeat| process.pulse.next_look(heartbeat)))
        });
        of_each.chain(unheard).chain(list.back_off.until(now)).min()
    }

    /// Unlocks the list, and tells what there is to tell: whoever hears it may ask for the list.
    pub(crate) fn tell(&self, mut list: ForkMutexGuard<'_, List>) {
        let news = std::mem::take(&mut list.news);
        drop(list);
        self.teller.tell(news);
    }

    /// Waits until `is_done`, or `until`. Says whether it is, and what the processes have asked for meanwhile: that the server be stopped.
    pub(crate) fn wait(
        &self,
        until: Option<Instant>,
        is_done: impl Fn(&[Process]) -> bool,
    ) -> (bool, Option<Option<Duration>>) {
        let mut asked = None;
        loop {
            let waiting = match until {
                Some(until) => self.waiting.try_lock_until(until),
                None => Some(self.waiting.lock()),
            };
            let now = Instant::now();
            let mut list = self.lock();
            asked = self.tend(&mut list, now).or(asked);
            let is_done = is_done(&list.processes);
            let is_over = is_done || until.is_some_and(|until| now >= until);
            let wake_time = self.wake_time(&list, now);
            self.tell(list);
            if is_over {
                return (is_done, asked);
            }
            self.watch.wait(until.into_iter().chain(wake_time).min());
            if let Some(waiting) = waiting {
                parking_lot::MutexGuard::unlock_fair(waiting); // others may wait for something else
            }
        }
    }
}
