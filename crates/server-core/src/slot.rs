//! The page of memory that a worker process shares with its parent.

use crate::stats::CELLS;
use socketserver_sys::SharedWords;
use std::{
    io,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::Duration,
};

/// The worker writes, the parent reads; of what the worker asks for, the other way round too. It survives the worker's end, however
/// that came.
#[derive(Debug)]
pub(crate) struct Slot(SharedWords);

/// Behind the counts:
const PHASE: usize = CELLS;
const BEATS: usize = CELLS + 1;
const IN_REQUEST: usize = CELLS + 2;
const ASKS_TO_STOP: usize = CELLS + 3;
const PORT_CLOSED: usize = CELLS + 4;
const LENGTH: usize = CELLS + 5;

/// What a worker process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerPhase {
    /// It has been forked, and doesn't accept yet.
    Starting,
    /// It accepts and serves.
    Serving,
    /// It accepts no more, and ends when the requests in progress have ended.
    Leaving,
}

impl Slot {
    pub(crate) fn new() -> io::Result<Self> {
        SharedWords::new(LENGTH).map(Slot)
    }

    pub(crate) fn counts(&self) -> &[AtomicU64] {
        &self.0[..CELLS]
    }

    pub(crate) fn phase(&self) -> WorkerPhase {
        match self.0[PHASE].load(SeqCst) {
            0 => WorkerPhase::Starting,
            1 => WorkerPhase::Serving,
            _ => WorkerPhase::Leaving,
        }
    }

    pub(crate) fn set_phase(&self, phase: WorkerPhase) {
        self.0[PHASE].store(phase as u64, SeqCst);
    }

    pub(crate) fn beats(&self) -> u64 {
        self.0[BEATS].load(SeqCst)
    }

    pub(crate) fn beat(&self) {
        self.0[BEATS].fetch_add(1, SeqCst);
    }

    pub(crate) fn is_in_request(&self) -> bool {
        self.0[IN_REQUEST].load(SeqCst) != 0
    }

    pub(crate) fn set_in_request(&self, is: bool) {
        self.0[IN_REQUEST].store(is.into(), SeqCst);
    }

    /// What the parent says of the port, before it does it.
    pub(crate) fn set_port_closed(&self, closed: bool) {
        self.0[PORT_CLOSED].store(closed.into(), SeqCst);
    }

    pub(crate) fn is_port_closed(&self) -> bool {
        self.0[PORT_CLOSED].load(SeqCst) != 0
    }

    /// Asks the parent to stop the server; requests in progress may go on for `grace`.
    pub(crate) fn ask_to_stop(&self, grace: Option<Duration>) {
        self.0[ASKS_TO_STOP].store(written(grace).saturating_add(1).max(1), SeqCst);
    }

    /// Whether the worker asks for that; once.
    pub(crate) fn take_ask(&self) -> Option<Option<Duration>> {
        match self.0[ASKS_TO_STOP].swap(0, SeqCst) {
            0 => None,
            asked => Some(read(if asked == u64::MAX { asked } else { asked - 1 })),
        }
    }
}

/// Orders that are no grace periods: to accept nothing for now, and to accept again.
pub(crate) const SUSPEND: u64 = u64::MAX - 1;
pub(crate) const RESUME: u64 = u64::MAX - 2;

/// A grace period as a number: milliseconds, the greatest for none at all.
pub(crate) fn written(grace: Option<Duration>) -> u64 {
    let number = |grace: Duration| u64::try_from(grace.as_millis()).ok().filter(|it| *it < RESUME);
    grace.and_then(number).unwrap_or(u64::MAX)
}

pub(crate) fn read(written: u64) -> Option<Duration> {
    (written != u64::MAX).then(|| Duration::from_millis(written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_to_stop_is_heard_once_and_with_its_grace() {
        let slot = Slot::new().unwrap();
        assert_eq!(slot.take_ask(), None);
        for grace in [Some(Duration::ZERO), Some(Duration::from_millis(1500)), None] {
            slot.ask_to_stop(grace);
            assert_eq!(slot.take_ask(), Some(grace));
            assert_eq!(slot.take_ask(), None);
        }
    }

    #[test]
    fn phases_are_told_as_they_were_set() {
        let slot = Slot::new().unwrap();
        assert_eq!(slot.phase(), WorkerPhase::Starting);
        for phase in [WorkerPhase::Serving, WorkerPhase::Leaving, WorkerPhase::Starting] {
            slot.set_phase(phase);
            assert_eq!(slot.phase(), phase);
        }
    }
}
