//! How many connections at once: a number that can't be over-run, and what happens at it.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// A limit on what is served at the same time, and what happens to a client that comes when it is reached.
///
/// ```
/// use socketserver_core::{Limit, TcpServer};
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
/// let server = TcpServer::<Upper>::builder().max_connections(Limit::backlog(100)).bind("127.0.0.1:0")?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub(crate) max: usize,
    pub(crate) rejects: bool,
}

impl Limit {
    /// At the limit nothing is accepted: clients wait in the kernel's queue (`request_queue_size` long), as if the server were
    /// slow. The loop neither spins nor polls meanwhile.
    pub const fn backlog(max: usize) -> Self {
        Limit { max, rejects: false }
    }

    /// At the limit a client is accepted, refused and closed. `ServerHooks::reject_request` may tell it why.
    pub const fn reject(max: usize) -> Self {
        Limit { max, rejects: true }
    }

    /// No limit, as in Python.
    pub const fn none() -> Self {
        Limit { max: usize::MAX, rejects: false }
    }

    /// What a server of connections has if nothing else is said: the soft limit of descriptors (RLIMIT_NOFILE) less an eighth, at
    /// least 32, for the program's own files; in the backlog beyond that.
    pub fn from_descriptors() -> Self {
        use rustix::process::{Resource, getrlimit};
        match getrlimit(Resource::Nofile).current {
            Some(soft) => {
                let soft = usize::try_from(soft).unwrap_or(usize::MAX);
                Limit::backlog(soft.saturating_sub((soft / 8).max(32)).max(1))
            }
            None => Limit::none(),
        }
    }
}

/// Counts those inside, and holds up or turns away the rest.
#[derive(Debug)]
pub(crate) struct Gate {
    max: usize,
    pub(crate) rejects: bool,
    inside: AtomicUsize,
    /// Acceptors that wait for room.
    queued: AtomicUsize,
}

impl Gate {
    pub(crate) fn new(limit: Limit) -> Self {
        Gate {
            max: limit.max,
            rejects: limit.rejects,
            inside: AtomicUsize::new(0),
            queued: AtomicUsize::new(0),
        }
    }

    pub(crate) fn inside(&self) -> usize {
        self.inside.load(SeqCst)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.inside() >= self.max
    }

    /// Goes in if there is room. Who went in must [`leave`](Self::leave).
    pub(crate) fn try_enter(&self) -> bool {
        self.inside.try_update(SeqCst, SeqCst, |n| (n < self.max).then_some(n + 1)).is_ok()
    }

    /// Announces a wait for room; [`unqueue`](Self::unqueue) ends it. False if there is room by now (somebody left in between),
    /// and no need to wait.
    pub(crate) fn queue(&self) -> bool {
        self.queued.fetch_add(1, SeqCst);
        let must_wait = self.is_full();
        if !must_wait {
            self.unqueue();
        }
        must_wait
    }

    pub(crate) fn unqueue(&self) {
        self.queued.fetch_sub(1, SeqCst);
    }

    /// Whether somebody waits for room.
    pub(crate) fn has_queue(&self) -> bool {
        self.queued.load(SeqCst) > 0
    }

    /// For a process that begins anew.
    pub(crate) fn empty(&self) {
        self.inside.store(0, SeqCst);
        self.queued.store(0, SeqCst);
    }

    /// Goes out. Says how many stay inside.
    pub(crate) fn leave(&self) -> usize {
        self.inside.fetch_sub(1, SeqCst) - 1
    }
}
