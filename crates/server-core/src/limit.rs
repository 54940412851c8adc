//! How many connections at once: a number that can't be over-run, and what happens at it.

use socketserver_sys::sync::{AtomicU64, AtomicUsize};
use std::{sync::atomic::Ordering::SeqCst, time::Duration};

/// A limit on what is served at the same time, and what happens to a client that comes when it is reached. A running server's is
/// changed by [`Handle::set_max_connections`](crate::Handle::set_max_connections). Worker processes of a prefork server have it each for
/// itself.
///
/// Numbers above 1,073,741,822 are no limit.
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
    /// [`reject`](Self::reject). Those who came first go in first. At most 1024 wait like this in each process that accepts,
    /// each with an open descriptor; others are in the backlog, and their time begins when they come out of it. Who waits is told to go
    /// when the server stops, or served with those in the backlog ([`Backlog::Serve`](crate::Backlog::Serve)). Who waits in one of several worker processes waits for room in that one.
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
        if self.max < NONE { Some(self.max) } else { None }
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
const NONE: usize = (1 << 30) - 1;

/// Counts those inside, and holds up or turns away the rest.
#[derive(Debug)]
pub(crate) struct Gate {
    /// What happens at the limit in the uppermost two bits, the limit below, how many are inside in the lower half: one number, so that nobody
    /// gets in, or is turned away, by a limit that has been changed.
    state: AtomicU64,
    /// How long who comes at the limit may wait, in microseconds, where that is what happens.
    time: AtomicU64,
    /// Acceptors that wait for room.
    queued: AtomicUsize,
}

const INSIDE: u64 = u32::MAX as u64;

/// What happens at the limit.
const BACKLOG: u64 = 0;
const REJECT: u64 = 1;
const WAIT: u64 = 2;

fn packed(limit: Limit, inside: u64) -> u64 {
    let policy = match limit.policy {
        Policy::Backlog => BACKLOG,
        Policy::Reject => REJECT,
        Policy::Wait(_) => WAIT,
    };
    policy << 62 | (limit.max.min(NONE) as u64) << 32 | inside
}

fn max(state: u64) -> usize {
    (state >> 32) as usize & NONE
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
        let gate = Gate { state: AtomicU64::new(0), time: AtomicU64::new(0), queued: AtomicUsize::new(0) };
        gate.set_limit(limit);
        gate
    }

    pub(crate) fn limit(&self) -> Limit {
        let state = self.state.load(SeqCst);
        let max = max(state);
        Limit { max: if max < NONE { max } else { usize::MAX }, policy: self.policy_in(state) }
    }

    /// Changes the limit. Those inside stay; nobody goes in before there are fewer. Gives how many acceptors wait, to be woken: there may
    /// be room, or another policy.
    pub(crate) fn set_limit(&self, limit: Limit) -> usize {
        if let Policy::Wait(time) = limit.policy {
            self.time.store(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), SeqCst);
        }
        let _ = self.state.try_update(SeqCst, SeqCst, |now| Some(packed(limit, now & INSIDE)));
        self.queued.load(SeqCst)
    }

    pub(crate) fn policy(&self) -> Policy {
        self.policy_in(self.state.load(SeqCst))
    }

    fn policy_in(&self, state: u64) -> Policy {
        match state >> 62 {
            BACKLOG => Policy::Backlog,
            REJECT => Policy::Reject,
            _ => Policy::Wait(Duration::from_micros(self.time.load(SeqCst))),
        }
    }

    pub(crate) fn inside(&self) -> usize {
        (self.state.load(SeqCst) & INSIDE) as usize
    }

    pub(crate) fn is_full(&self) -> bool {
        is_full(self.state.load(SeqCst))
    }

    /// Goes in if there is room; says what happens to who can't, by the same limit. Who went in must [`leave`](Self::leave).
    pub(crate) fn enter(&self) -> Result<(), Policy> {
        let entered = self.state.try_update(SeqCst, SeqCst, |now| (!is_full(now)).then_some(now + 1));
        entered.map(drop).map_err(|full| self.policy_in(full))
    }

    /// [`enter`](Self::enter) for one to whom nothing happens.
    pub(crate) fn try_enter(&self) -> bool {
        self.enter().is_ok()
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
    (state & INSIDE) as usize >= max(state)
}

#[cfg(test)]
mod tests;
