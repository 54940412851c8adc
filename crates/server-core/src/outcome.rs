//! How requests end.

use crate::Refusal;
use socketserver_handlers::{HandlerError, Panicked, TooManyHandshakes, guarded};
use socketserver_net::{Deadline, TimedOut, is_disconnect};

/// How a connection, a datagram, or one request of a keep-alive connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The handler came to its end.
    Completed,
    /// The handler, or `verify_request`, failed with an error; or there was no thread or process to run it.
    Failed,
    /// User code panicked.
    Panicked,
    /// The client went away.
    Disconnected,
    /// A time limit passed, which is named.
    TimedOut(Deadline),
    /// The client was turned away, for this reason.
    Refused(Refusal),
    /// It was never run: the mix-in dropped it.
    Dropped,
    /// It was served by a child process, which ended with this status, `None` if a signal ended it, before it came to say how the request
    /// did: it was killed, or the handler left the process by itself.
    InChild(Option<i32>),
}

/// All that there are.
pub(crate) const DEADLINES: [Deadline; 5] =
    [Deadline::Read, Deadline::Write, Deadline::Handshake, Deadline::Idle, Deadline::Request];

impl Outcome {
    /// All that differ by their [names](Self::name) and [reasons](Self::reason).
    #[cfg(any(all(test, not(loom)), feature = "metrics"))]
    pub(crate) fn all() -> impl Iterator<Item = Outcome> {
        use Outcome::{Completed, Disconnected, Dropped, Failed, Panicked, Refused, TimedOut};
        let others = [Completed, Failed, Panicked, Disconnected, Dropped];
        others.into_iter().chain(DEADLINES.map(TimedOut)).chain(Refusal::ALL.map(Refused))
    }

    /// A word for it, to label a measurement by: the name of the field of [`Stats`](crate::Stats) that counts it. What a child served is
    /// `completed` if its status is 0, else `failed`; and what panicked is counted as `failed`, too.
    ///
    /// ```
    /// use socketserver_core::{Outcome, Refusal};
    ///
    /// let outcome = Outcome::Refused(Refusal::MaxConnections);
    /// assert_eq!((outcome.name(), outcome.reason()), ("refused", Some("max_connections")));
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Completed | Outcome::InChild(Some(0)) => "completed",
            Outcome::Failed | Outcome::InChild(_) => "failed",
            Outcome::Panicked => "panicked",
            Outcome::Disconnected => "disconnected",
            Outcome::TimedOut(_) => "timed_out",
            Outcome::Refused(_) => "refused",
            Outcome::Dropped => "dropped",
        }
    }

    /// Which time limit passed, or why the client was turned away: the name of the field of [`Timeouts`](crate::Timeouts) or
    /// [`Refusals`](crate::Refusals) that counts it. `None` for what ended otherwise.
    pub fn reason(self) -> Option<&'static str> {
        Some(match self {
            Outcome::TimedOut(deadline) => match deadline {
                Deadline::Read => "read",
                Deadline::Write => "write",
                Deadline::Handshake => "handshake",
                Deadline::Idle => "idle",
                Deadline::Request => "request",
                _ => "other",
            },
            Outcome::Refused(refusal) => match refusal {
                Refusal::VerifyRequest => "verify_request",
                Refusal::MaxConnections => "max_connections",
                Refusal::WaitedTooLong => "waited_too_long",
                Refusal::MaxConnectionsPerPeer => "max_connections_per_peer",
                Refusal::QueueFull => "queue_full",
                Refusal::Draining => "draining",
                Refusal::NoDescriptor => "no_descriptor",
                Refusal::MaxHandshakes => "max_handshakes",
            },
            _ => return None,
        })
    }

    /// What an error of user code means. It is asked what it comes from, which is user code as well.
    pub(crate) fn of(error: &HandlerError) -> Self {
        guarded(|| Ok(Outcome::told_by(error))).unwrap_or(Outcome::Panicked)
    }

    fn told_by(error: &HandlerError) -> Self {
        if let Some(timed_out) = TimedOut::of(&**error) {
            Outcome::TimedOut(timed_out.deadline)
        } else if is_disconnect(&**error) {
            Outcome::Disconnected
        } else if error.is::<Panicked>() {
            Outcome::Panicked
        } else if error.is::<TooManyHandshakes>() {
            Outcome::Refused(Refusal::MaxHandshakes)
        } else {
            Outcome::Failed
        }
    }
}
