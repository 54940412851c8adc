//! Counts of what a server has done.

use crate::{Outcome, slot::Slot};
use std::sync::{
    Arc, OnceLock,
    atomic::{
        AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

/// Counts since the server was made. When nothing is in progress, `accepted` is the sum of the six that say how requests ended.
///
/// What a child that was forked for one request does is counted here when it ends: status 0 as completed, all else as failed. What worker
/// processes (of a prefork server) do is counted here as it happens; requests that were in progress in one that was killed
/// have failed. In a worker process itself these are the counts of that process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests accepted: connections, datagrams.
    pub accepted: u64,
    /// Requests in progress now.
    pub active: usize,
    /// Ended as they should.
    pub completed: u64,
    /// Ended by an error or a panic in user code.
    pub failed: u64,
    /// Ended because the client went away.
    pub disconnected: u64,
    /// Ended by a time limit.
    pub timed_out: u64,
    /// Turned away: by `verify_request`, or at the limit of connections.
    pub refused: u64,
    /// Given up without being run, such as what waited for a thread when the server was closed.
    pub dropped: u64,
    /// Times that accepting failed.
    pub accept_errors: u64,
}

/// How many counts there are, and at which place each is.
pub(crate) const COUNTS: usize = 9;
const ACCEPTED: usize = 0;
const COMPLETED: usize = 1;
const FAILED: usize = 2;
const DISCONNECTED: usize = 3;
const TIMED_OUT: usize = 4;
const REFUSED: usize = 5;
const DROPPED: usize = 6;
const ACCEPT_ERRORS: usize = 7;
/// Ended by force, in whichever of the ways above.
const FORCED: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Counters {
    own: [AtomicU64; COUNTS],
    /// In a worker process: where the parent sees them too, instead of the above.
    slot: OnceLock<Arc<Slot>>,
}

impl Counters {
    fn cells(&self) -> &[AtomicU64] {
        self.slot.get().map_or(&self.own, |slot| slot.counts())
    }

    /// In a worker process: counts there from now on, from zero.
    pub(crate) fn move_to(&self, slot: Arc<Slot>) {
        let _ = self.slot.set(slot); // a worker doesn't become one twice
    }

    pub(crate) fn accepted(&self) {
        self.cells()[ACCEPTED].fetch_add(1, Relaxed);
    }

    pub(crate) fn accepted_so_far(&self) -> u64 {
        self.cells()[ACCEPTED].load(Relaxed)
    }

    pub(crate) fn accept_failed(&self) {
        self.cells()[ACCEPT_ERRORS].fetch_add(1, Relaxed);
    }

    pub(crate) fn forced(&self, requests: u64) {
        self.cells()[FORCED].fetch_add(requests, Relaxed);
    }

    pub(crate) fn ended(&self, outcome: Outcome) {
        let which = match outcome {
            Outcome::Completed | Outcome::InChild(Some(0)) => COMPLETED,
            Outcome::Failed | Outcome::Panicked | Outcome::InChild(_) => FAILED,
            Outcome::Disconnected => DISCONNECTED,
            Outcome::TimedOut(_) => TIMED_OUT,
            Outcome::Refused => REFUSED,
            Outcome::Dropped => DROPPED,
        };
        self.cells()[which].fetch_add(1, Release); // who sees this sees that it was accepted, too
    }

    pub(crate) fn read(&self) -> Counts {
        Counts::read(self.cells())
    }

    /// Adds what a worker process has done in its life. Requests that it took to its grave have failed.
    pub(crate) fn settle(&self, mut counts: Counts) {
        counts.0[FAILED] += counts.in_progress();
        for (cell, count) in self.cells().iter().zip(counts.0) {
            cell.fetch_add(count, Relaxed);
        }
    }
}

/// What counters said at one time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts([u64; COUNTS]);

impl Counts {
    pub(crate) fn read(cells: &[AtomicU64]) -> Self {
        let mut counts = [0; COUNTS];
        // The accepted last, so that they are never fewer than those that have ended.
        for (count, cell) in counts.iter_mut().zip(cells).rev() {
            *count = cell.load(Acquire);
        }
        Counts(counts)
    }

    /// Accepted, and not ended yet.
    pub(crate) fn in_progress(&self) -> u64 {
        let ended: u64 = self.0[COMPLETED..=DROPPED].iter().sum();
        self.0[ACCEPTED].saturating_sub(ended)
    }

    pub(crate) fn forced(&self) -> u64 {
        self.0[FORCED]
    }

    pub(crate) fn plus(mut self, other: Counts) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
        self
    }

    pub(crate) fn into_stats(self) -> Stats {
        Stats {
            accepted: self.0[ACCEPTED],
            active: usize::try_from(self.in_progress()).unwrap_or(usize::MAX),
            completed: self.0[COMPLETED],
            failed: self.0[FAILED],
            disconnected: self.0[DISCONNECTED],
            timed_out: self.0[TIMED_OUT],
            refused: self.0[REFUSED],
            dropped: self.0[DROPPED],
            accept_errors: self.0[ACCEPT_ERRORS],
        }
    }
}
