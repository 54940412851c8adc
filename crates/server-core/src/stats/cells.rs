//! At which place each count is, in a process's own memory and in what worker processes share with their parent.

use socketserver_net::Deadline;

// The first seven are those of which each request has the first and one of the others.
pub(super) const ACCEPTED: usize = 0;
pub(super) const COMPLETED: usize = 1;
pub(super) const FAILED: usize = 2;
pub(super) const DISCONNECTED: usize = 3;
pub(super) const TIMED_OUT: usize = 4;
pub(super) const REFUSED: usize = 5;
pub(super) const DROPPED: usize = 6;
pub(super) const ACCEPT_ERRORS: usize = 7;
/// Ended by force, in whichever of the ways above.
pub(super) const FORCED: usize = 8;
pub(super) const PANICKED: usize = 9;
pub(super) const BYTES_IN: usize = 10;
pub(super) const BYTES_OUT: usize = 11;
pub(super) const CUT_OFF: usize = 12;
/// By deadline, five of them.
pub(super) const TIMED_OUT_BY: usize = 13;
/// By reason, eight of them.
pub(super) const REFUSED_BY: usize = 18;
/// How many counts there are, of which those of several processes can be added.
pub(super) const COUNTS: usize = 26;
/// Requests inside now, in this process, and the most there ever were.
pub(super) const INSIDE: usize = COUNTS;
pub(super) const PEAK: usize = COUNTS + 1;
/// Requests that are being ended by force, and haven't noticed yet.
pub(super) const BEING_FORCED: usize = COUNTS + 2;
/// How many numbers there are in all.
pub(crate) const CELLS: usize = COUNTS + 3;

/// At which place a deadline is counted; `None` for one that this crate doesn't know yet.
pub(super) fn timeout(deadline: Deadline) -> Option<usize> {
    Some(match deadline {
        Deadline::Read => 0,
        Deadline::Write => 1,
        Deadline::Handshake => 2,
        Deadline::Idle => 3,
        Deadline::Request => 4,
        _ => return None,
    })
}
