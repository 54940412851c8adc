//! What counters said at one time: added up over processes, and as the numbers that a user sees.

use super::{
    Refusals, Stats, Timeouts,
    cells::{
        ACCEPT_ERRORS, ACCEPTED, BYTES_IN, BYTES_OUT, CELLS, COMPLETED, CUT_OFF, DISCONNECTED, DROPPED,
        FAILED, FORCED, PANICKED, PEAK, REFUSED, REFUSED_BY, TIMED_OUT, TIMED_OUT_BY, timeout,
    },
};
use crate::Refusal;
use socketserver_net::{Deadline, Traffic};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// What counters said at one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts(pub(super) [u64; CELLS]);

impl Default for Counts {
    fn default() -> Self {
        Counts([0; CELLS])
    }
}

impl Counts {
    pub(crate) fn read(cells: &[AtomicU64]) -> Self {
        let mut counts = [0; CELLS];
        // The accepted last, so that they are never fewer than those that have ended.
        for (count, cell) in counts.iter_mut().zip(cells).rev() {
            *count = cell.load(SeqCst);
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

    /// With what has passed on connections that are open.
    pub(crate) fn with_traffic(mut self, open: Traffic) -> Self {
        self.0[BYTES_IN] += open.bytes_in;
        self.0[BYTES_OUT] += open.bytes_out;
        self
    }

    pub(crate) fn plus(mut self, other: Counts) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
        self
    }

    /// With what worker processes did, who had so many at once; the most there were may have been before they were forked.
    pub(crate) fn with_workers(self, workers: Counts, peak: u64) -> Self {
        let mut sum = self.plus(workers);
        sum.0[PEAK] = self.0[PEAK].max(peak);
        sum
    }

    pub(crate) fn into_stats(self) -> Stats {
        let count = |which: usize| self.0[which];
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let refused = |reason: Refusal| self.0[REFUSED_BY + reason as usize];
        let timed_out = |deadline| timeout(deadline).map_or(0, |which| self.0[TIMED_OUT_BY + which]);
        Stats {
            accepted: count(ACCEPTED),
            active: number(self.in_progress()),
            peak: number(count(PEAK)),
            completed: count(COMPLETED),
            failed: count(FAILED),
            panicked: count(PANICKED),
            disconnected: count(DISCONNECTED),
            timed_out: count(TIMED_OUT),
            timed_out_by: Timeouts {
                read: timed_out(Deadline::Read),
                write: timed_out(Deadline::Write),
                handshake: timed_out(Deadline::Handshake),
                idle: timed_out(Deadline::Idle),
                request: timed_out(Deadline::Request),
            },
            refused: count(REFUSED),
            refused_by: Refusals {
                verify_request: refused(Refusal::VerifyRequest),
                max_connections: refused(Refusal::MaxConnections),
                waited_too_long: refused(Refusal::WaitedTooLong),
                max_connections_per_peer: refused(Refusal::MaxConnectionsPerPeer),
                queue_full: refused(Refusal::QueueFull),
                draining: refused(Refusal::Draining),
                no_descriptor: refused(Refusal::NoDescriptor),
                max_handshakes: refused(Refusal::MaxHandshakes),
            },
            dropped: count(DROPPED),
            forced: count(FORCED),
            accept_errors: count(ACCEPT_ERRORS),
            cut_off: count(CUT_OFF),
            bytes_in: count(BYTES_IN),
            bytes_out: count(BYTES_OUT),
        }
    }
}
