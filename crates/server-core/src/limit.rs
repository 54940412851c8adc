//! How many connections at once: a number that can't be over-run, and what happens at it.

use socketserver_sys::sync::{AtomicU64, AtomicUsize};
use std::{sync::atomic::Ordering::SeqCst, time::Duration};

/// A limit on what is served at the same time, and what happens to a client that comes when it is reached. A running server's is
/// changed by [`Handle::set_max_connections`](crate::Handle::set_max_connections). Worker processes of a prefork server have it each for
/// itself.
///
/// Numbers above 4,294,967,294 are no limit.
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
    pub(crate) policy: Policy,
}

/// What happens to a client that comes when a limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Backlog,
    Reject,
    Wait(Duration),
}

impl Limit {
    /// At the limit nothing is accepted: clients wait in the kernel's queue (`request_queue_size` long), as if the server were
    /// slow. The loop neither spins nor polls meanwhile.
    pub const fn backlog(max: usize) -> Self {
        Limit { max, policy: Policy::Backlog }
    }

    /// At the limit a client is accepted, refused and closed. `ServerHooks::reject_because` may tell it why.
    pub const fn reject(max: usize) -> Self {
        Limit { max, policy: Policy::Reject }
    }

    /// At the limit clients are accepted all the same, and wait for room, each up to `time`; then one is refused and closed, as by
    /// [`reject`](Self::reject). Those who came first go in first. At most 1024 wait like this for each thread or process that accepts,
    /// each with an open descriptor; others are in the backlog, and their time begins when they come out of it. What waits is told to go
    /// when the server stops. Who waits in one of several worker processes waits for room in that one.
    ///
    /// ```
    /// use socketserver_core::Limit;
    /// use std::time::Duration;
    ///
    /// let limit = Limit::wait(100, Duration::from_secs(5));
    /// assert_eq!(limit.max(), Some(100));
    /// ```
    pub const fn wait(max: usize, time: Duration) -> Self {
        Limit { max, policy: Policy::Wait(time) }
    }

    /// No limit, as in Python.
    pub const fn none() -> Self {
        Limit { max: usize::MAX, policy: Policy::Backlog }
    }

    /// The number, if there is one.
    pub const fn max(&self) -> Option<usize> {
        if self.max < NONE as usize { Some(self.max) } else { None }
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

/// As good as no limit.
const NONE: u32 = u32::MAX;

/// Counts those inside, and holds up or turns away the rest.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The limit in the upper half, how many are inside in the lower: one number, so that nobody gets in by a limit that has
    /// been changed.
    state: AtomicU64,
    /// [`Policy`] as a number.
    policy: AtomicU64,
    /// Acceptors that wait for room.
    queued: AtomicUsize,
}

const INSIDE: u64 = NONE as u64;

fn packed(max: usize, inside: u64) -> u64 {
    u64::from(u32::try_from(max).unwrap_or(NONE)) << 32 | inside
}

impl Policy {
    pub(crate) fn to_number(self) -> u64 {
        match self {
            Policy::Backlog => 0,
            Policy::Reject => 1,
            Policy::Wait(time) => u64::try_from(time.as_micros()).map_or(u64::MAX, |it| it.saturating_add(2)),
        }
    }

    pub(crate) fn from_number(number: u64) -> Self {
        match number {
            0 => Policy::Backlog,
            1 => Policy::Reject,
            micros => Policy::Wait(Duration::from_micros(micros - 2)),
        }
    }
}

impl Gate {
    pub(crate) fn new(limit: Limit) -> Self {
        Gate {
            state: AtomicU64::new(packed(limit.max, 0)),
            policy: AtomicU64::new(limit.policy.to_number()),
            queued: AtomicUsize::new(0),
        }
    }

    pub(crate) fn limit(&self) -> Limit {
        let max = usize::try_from(self.state.load(SeqCst) >> 32).unwrap_or(usize::MAX);
        Limit { max: if max >= NONE as usize { usize::MAX } else { max }, policy: self.policy() }
    }

    /// Changes the limit. Those inside stay; nobody goes in before there are fewer. Gives how many acceptors wait, to be woken: there may
    /// be room, or another policy.
    pub(crate) fn set_limit(&self, limit: Limit) -> usize {
        self.policy.store(limit.policy.to_number(), SeqCst);
        let _ = self.state.try_update(SeqCst, SeqCst, |now| Some(packed(limit.max, now & INSIDE)));
        self.queued.load(SeqCst)
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy::from_number(self.policy.load(SeqCst))
    }

    pub(crate) fn inside(&self) -> usize {
        (self.state.load(SeqCst) & INSIDE) as usize
    }

    pub(crate) fn is_full(&self) -> bool {
        is_full(self.state.load(SeqCst))
    }

    /// Goes in if there is room. Who went in must [`leave`](Self::leave).
    pub(crate) fn try_enter(&self) -> bool {
        self.state.try_update(SeqCst, SeqCst, |now| (!is_full(now)).then_some(now + 1)).is_ok()
    }

    /// Announces a wait for room; [`unqueue`](Self::unqueue) ends it. False if there is no need to wait: by now there is room
    /// (somebody left in between), or another policy.
    pub(crate) fn queue(&self, still_waits: impl FnOnce() -> bool) -> bool {
        self.queued.fetch_add(1, SeqCst);
        let must_wait = self.is_full() && still_waits();
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
        let _ = self.state.try_update(SeqCst, SeqCst, |now| Some(now & !INSIDE));
        self.queued.store(0, SeqCst);
    }

    /// Goes out. Says how many stay inside.
    pub(crate) fn leave(&self) -> usize {
        ((self.state.fetch_sub(1, SeqCst) - 1) & INSIDE) as usize
    }
}

fn is_full(state: u64) -> bool {
    state & INSIDE >= state >> 32
}

#[cfg(test)]
mod tests;
