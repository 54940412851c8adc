//! Steering a server from anywhere.

mod connections;
mod limits;
mod pausing;

use crate::{Stats, core::Core};
use socketserver_handlers::ServerControl;
use socketserver_net::Address;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// Steers a server: from another thread, from a handler, from a signal's thread. Knows no types, can be cloned, and outlives the
/// server without harm.
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<Core>);

/// What came of a [`Handle::shutdown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Requests that were in progress, or were still taken in ([`Backlog::Serve`](crate::Backlog::Serve)), and came to their end in time.
    pub drained: usize,
    /// Requests that were still in progress at the deadline: their connections were shut down, their children killed. Of a datagram whose
    /// handler runs in the server's own process only a reply that waits can be ended; it counts here, and not in
    /// [`Stats::forced`](crate::Stats::forced).
    pub forced: usize,
    /// Clients that were turned away meanwhile: of those in the backlog ([`Backlog::Refuse`](crate::Backlog::Refuse)), or who waited for room.
    pub refused: u64,
    /// Requests that were given up meanwhile without being run, before the deadline: what waited for a thread while another one closed the
    /// server, say, or what a mix-in of the user's own let go.
    pub dropped: u64,
    /// How long the shutdown took.
    pub elapsed: Duration,
}

/// What was forced gets this long to notice, so that a report is about a server at rest.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// As good as for ever, and an instant that lies as far ahead can still be represented.
const FOR_EVER: Duration = Duration::from_secs(86_400 * 365);

impl Handle {
    /// Stops the server: nothing is accepted from now on, requests in progress may go on for `deadline`, the rest is then ended
    /// by force. Returns when all have ended, or a second after the deadline: what doesn't notice by then (code that computes, or waits for something
    /// else) goes on, and is still counted as [`active`](Stats::active).
    ///
    /// Handlers see `cx.server.is_draining()`. From the serving thread or from a handler, which are themselves what is
    /// waited for, it asks and returns at once, having drained nothing; the loop itself then ends by force what overstays.
    pub fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        let begun = Instant::now();
        let until = begun + deadline.min(FOR_EVER);
        // Before the stop, which may let them end.
        let before = self.0.stats();
        let forced_before = self.0.forced();
        let run = self.0.request_stop(Some(until));
        let (mut drained, mut forced, mut refused, mut dropped) = (0, 0, 0, 0);
        if !self.0.is_inside() {
            let mut last = None;
            if !self.0.wait_until_idle(run, until) {
                let at_deadline = self.0.stats();
                self.0.force();
                self.0.wait_until_idle(run, Instant::now() + GRACE);
                // Of those that were in progress, some were on their way out: all that came later are refused, but not all that are refused came later.
                let now = self.0.stats();
                let came = now.accepted.saturating_sub(at_deadline.accepted);
                let refused = now.refused.saturating_sub(at_deadline.refused).saturating_sub(came);
                forced = at_deadline.active.saturating_sub(refused as usize);
                last = Some(at_deadline);
            }
            // The loop does the same, and so do worker processes and other callers; they may have been faster.
            forced = forced.max(self.0.forced().saturating_sub(forced_before));
            // Those who were inside, and those who were still taken in out of the backlog.
            let now = self.0.stats();
            let came = before.active + now.accepted.saturating_sub(before.accepted) as usize;
            refused = now.refused.saturating_sub(before.refused);
            dropped = last.unwrap_or(now).dropped.saturating_sub(before.dropped);
            drained =
                came.saturating_sub(refused as usize).saturating_sub(dropped as usize).saturating_sub(forced);
        }
        ShutdownReport { drained, forced, refused, dropped, elapsed: begun.elapsed() }
    }

    /// Asks the server to stop, and returns at once.
    pub fn request_shutdown(&self) {
        self.0.request_stop(None);
    }

    pub(crate) fn stop_and_wait(&self) {
        let run = self.0.request_stop(None);
        if !self.0.is_inside() {
            self.0.wait_until_stopped(run);
        }
    }

    /// Whether `serve_forever` is running.
    pub fn is_serving(&self) -> bool {
        self.0.is_serving()
    }

    /// Whether the server has been told to stop.
    pub fn is_draining(&self) -> bool {
        self.0.is_draining()
    }

    /// The address that the server listens on, or listened on.
    pub fn server_address(&self) -> Address {
        self.0.address.clone()
    }

    /// Counts of what the server has done.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.0).finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
