//! Counting: what the parts of a server say as it happens. In a worker process, where the parent sees it.

use super::{
    Counts,
    cells::{
        ACCEPT_ERRORS, ACCEPTED, BEING_FORCED, BYTES_IN, BYTES_OUT, CELLS, COMPLETED, COUNTS, CUT_OFF,
        DISCONNECTED, DROPPED, FAILED, FORCED, INSIDE, PANICKED, PEAK, REFUSED, REFUSED_BY, TIMED_OUT,
        TIMED_OUT_BY, timeout,
    },
    together::Together,
};
use crate::{Outcome, slot::Slot};
use socketserver_net::Traffic;
use socketserver_sys::sync::access;
use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

#[derive(Debug)]
pub(crate) struct Counters {
    own: [AtomicU64; CELLS],
    /// In a worker process: where the parent sees them too, instead of the above.
    slot: OnceLock<Arc<Slot>>,
    /// What all worker processes have, if there ever were any.
    together: OnceLock<Together>,
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            own: [const { AtomicU64::new(0) }; CELLS],
            slot: OnceLock::new(),
            together: OnceLock::new(),
        }
    }
}

impl Counters {
    fn cells(&self) -> &[AtomicU64] {
        self.slot.get().map_or(&self.own, |slot| slot.counts())
    }

    /// Before a worker process is forked: what they all have can be counted.
    pub(crate) fn share(&self) -> io::Result<()> {
        if self.together.get().is_none() {
            let _ = self.together.set(Together::new()?); // or another thread has
        }
        Ok(())
    }

    /// In a worker process.
    fn together(&self) -> Option<&Together> {
        self.slot.get().and(self.together.get())
    }

    /// In a worker process: counts there from now on, from zero.
    pub(crate) fn move_to(&self, slot: Arc<Slot>) {
        let _ = self.slot.set(slot); // a worker doesn't become one twice
    }

    pub(crate) fn accepted(&self) {
        access(|| self.cells()[ACCEPTED].fetch_add(1, SeqCst));
    }

    pub(crate) fn accepted_so_far(&self) -> u64 {
        self.cells()[ACCEPTED].load(Relaxed)
    }

    pub(crate) fn accept_failed(&self) {
        self.cells()[ACCEPT_ERRORS].fetch_add(1, Relaxed);
    }

    pub(crate) fn forced(&self, requests: u64) {
        self.cells()[BEING_FORCED].fetch_add(requests, SeqCst);
        self.cells()[FORCED].fetch_add(requests, SeqCst);
    }

    /// One that was ended by force has noticed.
    pub(crate) fn force_noticed(&self) {
        self.cells()[BEING_FORCED].fetch_sub(1, SeqCst);
    }

    /// Whether any request of this process was ever ended by force.
    pub(crate) fn has_forced(&self) -> bool {
        self.cells()[FORCED].load(Relaxed) > 0
    }

    /// A request has been let in. Says how many there are.
    pub(crate) fn entered(&self) -> u64 {
        let cells = self.cells();
        let inside = cells[INSIDE].fetch_add(1, SeqCst) + 1;
        if inside > cells[PEAK].load(Relaxed) {
            cells[PEAK].fetch_max(inside, SeqCst);
        }
        self.together().iter().for_each(|it| it.enter());
        inside
    }

    /// One that was let in is over.
    pub(crate) fn left(&self) {
        self.together().iter().for_each(|it| it.leave()); // first, so that a process that is killed in between leaves too few rather than too many
        self.cells()[INSIDE].fetch_sub(1, SeqCst);
    }

    pub(crate) fn passed(&self, traffic: Traffic) {
        self.cells()[BYTES_IN].fetch_add(traffic.bytes_in, Relaxed);
        self.cells()[BYTES_OUT].fetch_add(traffic.bytes_out, Relaxed);
    }

    pub(crate) fn cut_off(&self) {
        self.cells()[CUT_OFF].fetch_add(1, Relaxed);
    }

    pub(crate) fn ended(&self, outcome: Outcome) {
        let cells = self.cells();
        let which = match outcome {
            Outcome::Completed | Outcome::InChild(Some(0)) => COMPLETED,
            Outcome::Failed | Outcome::InChild(_) => FAILED,
            Outcome::Panicked => {
                cells[PANICKED].fetch_add(1, Relaxed);
                FAILED
            }
            Outcome::Disconnected => DISCONNECTED,
            Outcome::TimedOut(deadline) => {
                if let Some(which) = timeout(deadline) {
                    cells[TIMED_OUT_BY + which].fetch_add(1, Relaxed);
                }
                TIMED_OUT
            }
            Outcome::Refused(reason) => {
                cells[REFUSED_BY + reason as usize].fetch_add(1, Relaxed);
                REFUSED
            }
            Outcome::Dropped => DROPPED,
        };
        access(|| cells[which].fetch_add(1, SeqCst)); // who sees this sees that it was accepted, too
    }

    pub(crate) fn read(&self) -> Counts {
        access(|| Counts::read(self.cells()))
    }

    /// With what worker processes have counted that are there now.
    pub(crate) fn read_with(&self, workers: Counts) -> Counts {
        let peak = self.together.get().filter(|_| self.slot.get().is_none()).map_or(0, Together::peak);
        self.read().with_workers(workers, peak)
    }

    /// Adds what a worker process has done in its life. Requests that it took to its grave have failed; if that was by force, so was their
    /// end, as it had been told to some of them before.
    pub(crate) fn settle(&self, mut counts: Counts, by_force: bool) {
        let lost = counts.in_progress();
        counts.0[FAILED] += lost;
        if by_force {
            counts.0[FORCED] += lost.saturating_sub(counts.0[BEING_FORCED]);
        }
        for (cell, count) in self.cells()[..COUNTS].iter().zip(counts.0) {
            cell.fetch_add(count, Relaxed);
        }
        self.together.get().iter().for_each(|it| it.forget(counts.0[INSIDE]));
    }
}
