//! What a server has counted, as it prints it.

use socketserver::Stats;
use std::fmt;

/// The server's [`Stats`], across the border of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are those of `Stats`")]
pub struct Counts {
    pub accepted: u64,
    pub active: u64,
    pub completed: u64,
    pub failed: u64,
    pub disconnected: u64,
    pub timed_out: u64,
    pub refused: u64,
    pub dropped: u64,
    pub accept_errors: u64,
    pub no_descriptor: u64,
    pub forced: u64,
}

impl Counts {
    /// Requests that are over, in whichever way.
    pub fn ended(&self) -> u64 {
        self.completed + self.failed + self.disconnected + self.timed_out + self.refused + self.dropped
    }

    /// Reads what [`Display`](fmt::Display) has written.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Counts {
            accepted: next()?,
            active: next()?,
            completed: next()?,
            failed: next()?,
            disconnected: next()?,
            timed_out: next()?,
            refused: next()?,
            dropped: next()?,
            accept_errors: next()?,
            no_descriptor: next()?,
            forced: next()?,
        })
    }
}

impl From<Stats> for Counts {
    fn from(it: Stats) -> Self {
        Counts {
            accepted: it.accepted,
            active: it.active as u64,
            completed: it.completed,
            failed: it.failed,
            disconnected: it.disconnected,
            timed_out: it.timed_out,
            refused: it.refused,
            dropped: it.dropped,
            accept_errors: it.accept_errors,
            no_descriptor: it.refused_by.no_descriptor,
            forced: it.forced,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let it = self;
        write!(f, "{} {} {} {} ", it.accepted, it.active, it.completed, it.failed)?;
        write!(f, "{} {} {} {} ", it.disconnected, it.timed_out, it.refused, it.dropped)?;
        write!(f, "{} {} {}", it.accept_errors, it.no_descriptor, it.forced)
    }
}
