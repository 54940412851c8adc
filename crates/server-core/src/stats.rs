//! Counts of what a server has done.

use crate::{Outcome, Refusal, slot::Slot};
use socketserver_net::{Deadline, Traffic};
use socketserver_sys::{SharedWords, sync::access};
use std::sync::{
    Arc, OnceLock,
    atomic::{
        AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
};

/// Counts since the server was made. When nothing is in progress, `accepted` is the sum of the six that say how requests ended:
/// `completed`, `failed`, `disconnected`, `timed_out`, `refused`, `dropped`.
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
    /// The most requests there ever were in progress at once, without those that were turned away for lack of room. Of worker processes the
    /// sum of each one's most, which they need not have reached at the same time.
    pub peak: usize,
    /// Ended as they should.
    pub completed: u64,
    /// Ended by an error or a panic in user code.
    pub failed: u64,
    /// Those of them that a panic ended, as far as it was in this process or a worker process.
    pub panicked: u64,
    /// Ended because the client went away.
    pub disconnected: u64,
    /// Ended by a time limit.
    pub timed_out: u64,
    /// By which.
    pub timed_out_by: Timeouts,
    /// Turned away: by `verify_request`, or at a limit.
    pub refused: u64,
    /// Why.
    pub refused_by: Refusals,
    /// Given up without being run, such as what waited for a thread when the server was closed.
    pub dropped: u64,
    /// Ended by force, in whichever of the ways above: at the deadline of a shutdown, or by
    /// [`Handle::close_connection`](crate::Handle::close_connection).
    pub forced: u64,
    /// Times that accepting failed.
    pub accept_errors: u64,
    /// Connections that were closed while their client was still sending, at the bounds of the builder's `linger` or at the deadline of a
    /// shutdown: what such a client hadn't received of its reply by then may be lost.
    pub cut_off: u64,
    /// Bytes received: on connections that have ended and on those that are open, and as datagrams, as far as they were kept. What a forked
    /// child receives is counted when it is done with the request, and never if it is killed before; what a worker process
    /// does, when the request ends. What is [thrown away](crate::Linger) isn't counted.
    pub bytes_in: u64,
    /// Bytes sent, likewise: on connections, and as replies to datagrams. What a handler sends by a datagram server's socket itself isn't
    /// counted.
    pub bytes_out: u64,
}

/// Requests that were ended by a time limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// One read took too long.
    pub read: u64,
    /// One write took too long.
    pub write: u64,
    /// A handshake took too long.
    pub handshake: u64,
    /// A keep-alive connection was silent for too long between two requests.
    pub idle: u64,
    /// The whole request took too long.
    pub request: u64,
}

/// Clients that were turned away, by [reason](Refusal).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusals {
    /// [`Refusal::VerifyRequest`].
    pub verify_request: u64,
    /// [`Refusal::MaxConnections`].
    pub max_connections: u64,
    /// [`Refusal::WaitedTooLong`].
    pub waited_too_long: u64,
    /// [`Refusal::MaxConnectionsPerPeer`].
    pub max_connections_per_peer: u64,
    /// [`Refusal::QueueFull`].
    pub queue_full: u64,
    /// [`Refusal::Draining`].
    pub draining: u64,
    /// [`Refusal::NoDescriptor`].
    pub no_descriptor: u64,
    /// [`Refusal::MaxHandshakes`].
    pub max_handshakes: u64,
}

/// At which place each count is. The first are those of which each request has the first and one of the others.
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
const PANICKED: usize = 9;
const BYTES_IN: usize = 10;
const BYTES_OUT: usize = 11;
const CUT_OFF: usize = 12;
/// By deadline, five of them.
const TIMED_OUT_BY: usize = 13;
/// By reason, eight of them.
const REFUSED_BY: usize = 18;
/// How many counts there are, of which those of several processes can be added.
const COUNTS: usize = 26;
/// Requests inside now, in this process, and the most there ever were.
const INSIDE: usize = COUNTS;
const PEAK: usize = COUNTS + 1;
/// How many numbers there are in all.
pub(crate) const CELLS: usize = COUNTS + 2;

#[derive(Debug)]
pub(crate) struct Counters {
    own: [AtomicU64; CELLS],
    /// In a worker process: where the parent sees them too, instead of the above.
    slot: OnceLock<Arc<Slot>>,
    /// [`OF_CHILDREN`], as children that were forked for one request have counted them: memory that they share with us.
    by_children: OnceLock<SharedWords>,
}

/// What children count themselves.
const OF_CHILDREN: [usize; 3] = [BYTES_IN, BYTES_OUT, CUT_OFF];

impl Default for Counters {
    fn default() -> Self {
        Counters {
            own: [const { AtomicU64::new(0) }; CELLS],
            slot: OnceLock::new(),
            by_children: OnceLock::new(),
        }
    }
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
        access(|| self.cells()[ACCEPTED].fetch_add(1, SeqCst));
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
        inside
    }

    /// One that was let in is over.
    pub(crate) fn left(&self) {
        self.cells()[INSIDE].fetch_sub(1, SeqCst);
    }

    /// Children will be forked for requests, and shall be able to count. Without the memory for it, they don't.
    pub(crate) fn expect_children(&self) {
        if let Ok(words) = SharedWords::new(OF_CHILDREN.len()) {
            let _ = self.by_children.set(words); // said once
        }
    }

    pub(crate) fn passed(&self, traffic: Traffic) {
        self.cells()[BYTES_IN].fetch_add(traffic.bytes_in, Relaxed);
        self.cells()[BYTES_OUT].fetch_add(traffic.bytes_out, Relaxed);
    }

    pub(crate) fn cut_off(&self) {
        self.cells()[CUT_OFF].fetch_add(1, Relaxed);
    }

    /// In a child that was forked for one request: where the parent sees it.
    pub(crate) fn passed_in_child(&self, traffic: Traffic) {
        self.count_in_child(BYTES_IN, traffic.bytes_in);
        self.count_in_child(BYTES_OUT, traffic.bytes_out);
    }

    pub(crate) fn cut_off_in_child(&self) {
        self.count_in_child(CUT_OFF, 1);
    }

    fn count_in_child(&self, which: usize, more: u64) {
        if let Some(slot) = self.slot.get() {
            slot.counts()[which].fetch_add(more, Relaxed); // of the worker process that forked
        } else if let Some(words) = self.by_children.get()
            && let Some(word) =
                OF_CHILDREN.iter().zip(words.iter()).find_map(|(it, word)| (*it == which).then_some(word))
        {
            word.fetch_add(more, Relaxed);
        }
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
        let mut counts = access(|| Counts::read(self.cells()));
        if self.slot.get().is_none()
            && let Some(words) = self.by_children.get()
        {
            for (which, word) in OF_CHILDREN.iter().zip(words.iter()) {
                counts.0[*which] += word.load(SeqCst);
            }
        }
        counts
    }

    /// Adds what a worker process has done in its life. Requests that it took to its grave have failed.
    pub(crate) fn settle(&self, mut counts: Counts) {
        counts.0[FAILED] += counts.in_progress();
        for (cell, count) in self.cells()[..COUNTS].iter().zip(counts.0) {
            cell.fetch_add(count, Relaxed);
        }
    }

    /// There have been so many in progress at once.
    pub(crate) fn peaked(&self, peak: u64) {
        self.cells()[PEAK].fetch_max(peak, Relaxed);
    }
}

/// At which place a deadline is counted; `None` for one that this crate doesn't know yet.
fn timeout(deadline: Deadline) -> Option<usize> {
    Some(match deadline {
        Deadline::Read => 0,
        Deadline::Write => 1,
        Deadline::Handshake => 2,
        Deadline::Idle => 3,
        Deadline::Request => 4,
        _ => return None,
    })
}

/// What counters said at one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts([u64; CELLS]);

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

    pub(crate) fn peak(&self) -> u64 {
        self.0[PEAK]
    }

    pub(crate) fn plus(mut self, other: Counts) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
        self
    }

    /// With what worker processes did: the most there were at once may have been before they were forked.
    pub(crate) fn with_workers(self, workers: Counts) -> Self {
        let mut sum = self.plus(workers);
        sum.0[PEAK] = self.0[PEAK].max(workers.0[PEAK]);
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
            peak: number(self.peak()),
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
