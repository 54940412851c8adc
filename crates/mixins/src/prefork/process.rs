//! One of the processes, as its parent keeps it.

use super::{plan::Seen, pulse::Pulse};
use crate::forking::watch::Watched;
use rustix::process::Pid;
use socketserver_core::{Worker, WorkerPhase};
use std::time::{Duration, Instant};

/// What is left to a process beyond its grace period before it is killed.
const MARGIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) worker: Worker,
    pub(crate) pid: Pid,
    pub(crate) watched: Watched,
    pub(crate) pulse: Pulse,
    pub(crate) kill_at: Option<Instant>,
    generation: u64,
    /// The number of the socket it accepts on.
    pub(crate) socket: usize,
    /// When it is told to stop though clients may still wait in its socket, which is given up.
    stop_at: Option<Instant>,
    started: Instant,
    leaving: Leaving,
    /// It was there before `serve_forever` was called again: what ended it may have been mended.
    pub(crate) is_of_old: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// Told by us to stop when nobody waits in its socket any more.
    EmptiesSocket,
    /// Told to stop by us.
    Told,
    /// By itself, as we have noticed.
    ByItself,
}

impl Process {
    pub(crate) fn new(
        worker: Worker,
        pid: Pid,
        watched: Watched,
        (generation, socket): (u64, usize),
        now: Instant,
    ) -> Self {
        Process {
            worker,
            pid,
            watched,
            pulse: Pulse::new(now),
            kill_at: None,
            generation,
            socket,
            stop_at: None,
            started: now,
            leaving: Leaving::No,
            is_of_old: false,
        }
    }

    /// What it is doing, or about to do.
    pub(crate) fn phase(&self) -> WorkerPhase {
        if self.is_told() { WorkerPhase::Leaving } else { self.worker.phase() }
    }

    /// Whether it accepts no more.
    pub(crate) fn has_left(&self) -> bool {
        self.worker.phase() == WorkerPhase::Leaving
    }

    pub(crate) fn is_told(&self) -> bool {
        matches!(self.leaving, Leaving::Told | Leaving::EmptiesSocket)
    }

    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    pub(crate) fn seen(&self) -> Seen {
        Seen { phase: self.phase(), generation: self.generation, socket: self.socket }
    }

    /// Tells it that another one takes its place: to serve those who have come, and to end within the grace period.
    pub(crate) fn retire(&mut self, grace: Option<Duration>, now: Instant) {
        self.is_told_to_end(grace, now);
        self.worker.retire(grace);
    }

    /// Tells it to stop, and to end within the grace period.
    pub(crate) fn stop(&mut self, grace: Option<Duration>, now: Instant) {
        self.is_told_to_end(grace, now);
        self.worker.stop(grace);
    }

    fn is_told_to_end(&mut self, grace: Option<Duration>, now: Instant) {
        self.leaving = Leaving::Told;
        self.set_end(grace, now);
        self.stop_at = None;
    }

    /// Tells it to serve those who wait in its socket, which is given up, and then to stop as above.
    pub(crate) fn leave(&mut self, grace: Option<Duration>, now: Instant) {
        self.leaving = Leaving::EmptiesSocket;
        self.set_end(grace, now);
        self.stop_at = grace.and_then(|grace| now.checked_add(grace / 2)); // if there are always more
        self.worker.leave();
    }

    /// When it has to be looked at, though nothing has happened.
    pub(crate) fn look_at(&self) -> Option<Instant> {
        self.stop_at.into_iter().chain(self.kill_at).min()
    }

    pub(crate) fn stop_if_late(&mut self, now: Instant) {
        if self.stop_at.is_some_and(|time| time <= now) {
            let left = self.empties_no_more(now);
            self.worker.retire(left);
        }
    }

    /// The whole server stops: who comes to its socket from now on isn't waited for.
    pub(crate) fn stop_emptying(&mut self, now: Instant) {
        if self.leaving == Leaving::EmptiesSocket {
            let left = self.empties_no_more(now);
            self.worker.stop(left);
        }
    }

    /// Gives what is left of its grace period.
    fn empties_no_more(&mut self, now: Instant) -> Option<Duration> {
        self.leaving = Leaving::Told;
        self.stop_at = None;
        self.kill_at.map(|kill_at| kill_at.saturating_duration_since(now).saturating_sub(MARGIN))
    }

    /// It leaves, be it that it was told to or by itself; then, too, it has the grace period.
    pub(crate) fn leaves(&mut self, grace: Option<Duration>, now: Instant) {
        if self.leaving == Leaving::No {
            self.leaving = Leaving::ByItself;
            self.set_end(grace, now);
        }
    }

    fn set_end(&mut self, grace: Option<Duration>, now: Instant) {
        self.kill_at = grace.and_then(|grace| now.checked_add(grace)?.checked_add(MARGIN));
    }

    /// Whether telling it to end by then changes anything.
    pub(crate) fn would_end_sooner(&self, until: Option<Instant>) -> bool {
        match (self.kill_at, until) {
            (Some(kill_at), Some(until)) => until.checked_add(MARGIN).is_some_and(|end| end < kill_at),
            (None, Some(_)) => true,
            (_, None) => self.leaving == Leaving::No,
        }
    }

    /// How long its loop hasn't come round, if that is too long.
    pub(crate) fn hangs(&mut self, heartbeat: Duration, now: Instant) -> Option<Duration> {
        let (beats, is_busy) = self.worker.pulse();
        let silent_for = self.pulse.look(beats, is_busy, heartbeat, now);
        let hangs = silent_for >= heartbeat;
        if hangs {
            self.pulse = Pulse::new(now); // should it take a while to die
        }
        hangs.then_some(silent_for)
    }

    pub(crate) fn kill_if_late(&mut self, now: Instant) {
        if self.kill_at.is_some_and(|time| time <= now) {
            self.worker.overstays();
            self.kill(now);
        }
    }

    pub(crate) fn kill(&mut self, now: Instant) {
        self.watched.killer(self.pid)();
        self.kill_at = now.checked_add(MARGIN); // should it take a while to die
    }
}
