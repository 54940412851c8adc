//! Who of a pool is there, who is busy, and what follows from it. Knows no threads, so that it can be checked without any.

#[cfg(test)]
mod tests;

use super::{alarm::Alarm, queue_limit::QueueLimit};
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

/// The workers of one `serve_forever`, and the requests that wait for one.
///
/// Two things hold whenever nobody is inside a method: busy workers are among those alive; and a request waits only while all
/// workers are busy, of which the next to finish takes it.
#[derive(Debug)]
pub(crate) struct Crew<J> {
    min: usize,
    max: usize,
    queue_limit: Arc<QueueLimit>,
    alive: usize,
    busy: usize,
    waiting: VecDeque<J>,
    is_over: bool,
    /// After a worker could not be started, none is before this.
    no_growth_before: Option<Instant>,
    alarm: Alarm,
}

/// What is to be done when a worker has taken a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    Nothing,
    /// Start another worker, which is counted already.
    Grow,
    /// Somebody must look after a pool of which nobody is free.
    Look,
}

/// What a worker does after a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<J> {
    /// Serve this one.
    Serve(J),
    /// Accept. If the pool may shrink, not for ever.
    Accept { may_retire: bool },
    /// Go home.
    Leave,
}

/// What became of a request that was taken in while all workers were busy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TakenIn<J> {
    Queued,
    /// There are too many.
    Rejected(J),
    /// A worker has become free, and waits for a client: nobody would come for it. A worker of its own, counted already, must
    /// serve it; the pool shrinks again by itself.
    Serve(J),
}

impl<J> Crew<J> {
    pub(crate) fn new(min: usize, max: usize, queue_limit: Arc<QueueLimit>, alarm: Alarm) -> Self {
        Crew {
            min: min.min(max),
            max,
            queue_limit,
            alive: 0,
            busy: 0,
            waiting: VecDeque::new(),
            is_over: false,
            no_growth_before: None,
            alarm,
        }
    }

    /// Workers that are or may soon be accepting.
    pub(crate) fn free(&self) -> usize {
        self.alive - self.busy
    }

    /// Whether no worker is left.
    pub(crate) fn is_deserted(&self) -> bool {
        self.alive == 0
    }

    pub(crate) fn busy(&self) -> usize {
        self.busy
    }

    /// Counts a worker that is about to be started, for a request or not.
    pub(crate) fn hire(&mut self, busy: bool) {
        self.alive += 1;
        self.busy += usize::from(busy);
    }

    /// One that was counted has gone, or couldn't be started.
    pub(crate) fn quit(&mut self, busy: bool) {
        self.alive -= 1;
        self.busy -= usize::from(busy);
    }

    /// The system gives no more threads for now.
    pub(crate) fn could_not_hire(&mut self, busy: bool, now: Instant, back_off: Duration) {
        self.quit(busy);
        self.no_growth_before = now.checked_add(back_off);
        if self.free() == 0 {
            self.alarm.all_busy(now);
        }
    }

    /// A worker has taken a request.
    pub(crate) fn begin(&mut self, now: impl FnOnce() -> Instant) -> Begun {
        self.busy += 1;
        if self.free() > 0 || self.is_over {
            return Begun::Nothing;
        }
        let now = now();
        if self.grow(now) {
            return Begun::Grow;
        }
        let looks = self.alarm.all_busy(now);
        if looks || self.overflows() || self.alive < self.max { Begun::Look } else { Begun::Nothing }
    }

    /// Counts another worker, if all are busy and there may be more.
    pub(crate) fn grow(&mut self, now: Instant) -> bool {
        let may = self.wants_to_grow() && self.no_growth_before.is_none_or(|time| time <= now);
        if may {
            self.hire(false);
        }
        may
    }

    fn wants_to_grow(&self) -> bool {
        self.free() == 0 && self.alive < self.max && !self.is_over
    }

    /// When somebody must look after the pool, though nothing has happened.
    pub(crate) fn look_at(&self) -> Option<Instant> {
        let growth = self.no_growth_before.filter(|_| self.wants_to_grow());
        growth.into_iter().chain(self.alarm.look_at()).min()
    }

    /// A worker has finished a request. Also says how long no worker was free, if that has ended now and was told.
    pub(crate) fn finish(&mut self, now: impl FnOnce() -> Instant) -> (Next<J>, Option<Duration>) {
        if let Some(job) = self.waiting.pop_front() {
            return (Next::Serve(job), None);
        }
        if self.alive > self.max {
            self.quit(true); // a surplus one
            return (Next::Leave, None);
        }
        let was_full = self.free() == 0;
        self.busy -= 1;
        let told = if was_full { self.alarm.free(now()) } else { None };
        if self.is_over {
            self.quit(false);
            return (Next::Leave, told);
        }
        (Next::Accept { may_retire: self.alive > self.min }, told)
    }

    /// A worker has waited long enough for a client. If it may go, it counts as gone. The last one that is free stays, for
    /// otherwise nobody would accept.
    pub(crate) fn retire(&mut self) -> bool {
        let may = self.alive > self.min && self.free() > 1;
        if may {
            self.quit(false);
        }
        may
    }

    /// Whether requests are to be taken in for the queue, or to be turned away.
    pub(crate) fn overflows(&self) -> bool {
        self.queue_limit.get().is_some() && self.free() == 0 && self.alive >= self.max && !self.is_over
    }

    /// Takes a request in for a worker to come. One that has come by a limit that is no more waits all the same: nobody is turned away where
    /// others stay in the backlog. Where nobody is left who would come back for it, since the server stops, somebody is hired for it.
    pub(crate) fn take_in(&mut self, job: J) -> TakenIn<J> {
        if self.free() > 0 || self.busy == 0 {
            self.hire(true);
            return TakenIn::Serve(job);
        }
        if self.queue_limit.get().is_some_and(|limit| self.waiting.len() >= limit) {
            return TakenIn::Rejected(job);
        }
        self.waiting.push_back(job);
        TakenIn::Queued
    }

    /// From now on nobody accepts.
    pub(crate) fn end(&mut self) {
        self.is_over = true;
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(crate) fn alarm(&mut self) -> &mut Alarm {
        &mut self.alarm
    }
}
