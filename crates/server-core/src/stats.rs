//! Counts of what a server has done.

use crate::Outcome;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the server was made. When nothing is in progress, `accepted` is the sum of the six that say how requests ended.
///
/// What forked children do is counted here when they end: status 0 as completed, all else as failed.
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

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
    disconnected: AtomicU64,
    timed_out: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
    pub(crate) accept_errors: AtomicU64,
}

impl Counters {
    pub(crate) fn ended(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Completed | Outcome::InChild(Some(0)) => &self.completed,
            Outcome::Failed | Outcome::Panicked | Outcome::InChild(_) => &self.failed,
            Outcome::Disconnected => &self.disconnected,
            Outcome::TimedOut(_) => &self.timed_out,
            Outcome::Refused => &self.refused,
            Outcome::Dropped => &self.dropped,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn read(&self, active: usize) -> Stats {
        Stats {
            accepted: self.accepted.load(Relaxed),
            active,
            completed: self.completed.load(Relaxed),
            failed: self.failed.load(Relaxed),
            disconnected: self.disconnected.load(Relaxed),
            timed_out: self.timed_out.load(Relaxed),
            refused: self.refused.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            accept_errors: self.accept_errors.load(Relaxed),
        }
    }
}
