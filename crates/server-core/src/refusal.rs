//! Why a client is turned away.

/// Why a client was turned away. What [`ServerHooks::reject_because`](crate::ServerHooks::reject_because) is told, and what
/// [`Stats::refused_by`](crate::Stats::refused_by) counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The `verify_request` hook said no. It closes without a word; `reject_because` isn't called.
    VerifyRequest,
    /// The limit of connections was reached.
    MaxConnections,
    /// The limit of connections was reached, and no other connection ended in the time that a client may wait.
    WaitedTooLong,
    /// The client's address has as many connections as it may.
    MaxConnectionsPerPeer,
    /// The mix-in has no room for it: too many requests wait for a thread.
    QueueFull,
    /// The server stops.
    Draining,
    /// No descriptor was left for it; by the [reserved](crate::ServerBuilder::reserve_descriptor) one it could be told.
    NoDescriptor,
    /// There are as many handshakes in progress as there may be. `reject_because` is called where the handler would have run, on a connection whose
    /// handshake hasn't begun, or has only just.
    MaxHandshakes,
}

impl Refusal {
    /// All that there are.
    pub(crate) const ALL: [Refusal; 8] = [
        Refusal::VerifyRequest,
        Refusal::MaxConnections,
        Refusal::WaitedTooLong,
        Refusal::MaxConnectionsPerPeer,
        Refusal::QueueFull,
        Refusal::Draining,
        Refusal::NoDescriptor,
        Refusal::MaxHandshakes,
    ];
}

const _: () =
    assert!(Refusal::ALL.len() == Refusal::MaxHandshakes as usize + 1, "the last one, and all before it");
