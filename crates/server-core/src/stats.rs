//! Counts of what a server has done, as a user sees them.

mod cells;
mod counters;
mod counts;
#[cfg(all(test, not(loom)))]
mod tests;
mod together;

pub(crate) use cells::CELLS;
pub(crate) use counters::Counters;
pub(crate) use counts::Counts;

/// Counts since the server was made. When nothing is in progress, `accepted` is the sum of the six that say how requests ended:
/// `completed`, `failed`, `disconnected`, `timed_out`, `refused`, `dropped`.
///
/// How a request ended that a child was forked for is counted here when the child has ended; one that was killed has failed, and one whose
/// handler ended the process has completed with status 0, and failed with all else. Its bytes are counted as they pass. What worker processes (of a prefork server) do is counted here as it happens; requests that were in progress in one that was killed
/// have failed. In a worker process itself these are the counts of that process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests accepted: connections, datagrams.
    pub accepted: u64,
    /// Requests in progress now.
    pub active: usize,
    /// The most requests there ever were in progress at once, without those that were turned away for lack of room; in all worker
    /// processes together.
    pub peak: usize,
    /// Ended as they should.
    pub completed: u64,
    /// Ended by an error or a panic in user code.
    pub failed: u64,
    /// Those of them that a panic ended.
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
    /// Ended by force, in whichever of the ways above: at the deadline of a shutdown, be it by killing the process
    /// that serves them, or by [`Handle::close_connection`](crate::Handle::close_connection). Connections, and whatever a child serves.
    pub forced: u64,
    /// Times that accepting failed.
    pub accept_errors: u64,
    /// Connections that were closed while their client was still sending, at the bounds of the builder's `linger` or at the deadline of a
    /// shutdown: what such a client hadn't received of its reply by then may be lost.
    pub cut_off: u64,
    /// Bytes received: on connections that have ended and on those that are open, and as datagrams, as far as they were kept. What a worker
    /// process receives is counted when the request ends, and not if the process is killed before. What is [thrown away](crate::Linger) isn't counted.
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

/// Clients that were turned away, by [reason](crate::Refusal).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusals {
    /// [`Refusal::VerifyRequest`](crate::Refusal::VerifyRequest).
    pub verify_request: u64,
    /// [`Refusal::MaxConnections`](crate::Refusal::MaxConnections).
    pub max_connections: u64,
    /// [`Refusal::WaitedTooLong`](crate::Refusal::WaitedTooLong).
    pub waited_too_long: u64,
    /// [`Refusal::MaxConnectionsPerPeer`](crate::Refusal::MaxConnectionsPerPeer).
    pub max_connections_per_peer: u64,
    /// [`Refusal::QueueFull`](crate::Refusal::QueueFull).
    pub queue_full: u64,
    /// [`Refusal::Draining`](crate::Refusal::Draining).
    pub draining: u64,
    /// [`Refusal::NoDescriptor`](crate::Refusal::NoDescriptor).
    pub no_descriptor: u64,
    /// [`Refusal::MaxHandshakes`](crate::Refusal::MaxHandshakes).
    pub max_handshakes: u64,
}
