//! What all parts of a server share, whatever its types: the state of its life, its counts, its events.

mod asking;
mod control;
mod counting;
mod hearing;
mod in_child;
mod in_worker;
mod inside;
mod life;
#[cfg(all(test, loom))]
mod models;
mod port;
mod steering;
mod telling;
#[cfg(all(test, not(loom)))]
mod tests;
mod waits;
mod workers;

use crate::{
    Limit, Linger, Observer, ServerError,
    alarm::Alarm,
    backlog::{AtStop, Backlog},
    crowd::Relay,
    handshake::Handshakes,
    kept::Kept,
    limit::Gate,
    link::Link,
    mixin::Drain,
    numbers,
    nursery::Nursery,
    registry::Registry,
    reserve::Reserve,
    signals::Ear,
    stats::Counters,
    sync::{Condvar, Mutex},
    time_limits::TimeLimits,
    wake::Waker,
    watchers::Watchers,
    worker_process::WorkerSide,
};
use life::Life;
use socketserver_net::Address;
use socketserver_sys::{
    ForkMutex,
    sync::{AtomicBool, AtomicUsize},
};
use std::{
    fmt,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

pub(crate) use life::Run;
pub(crate) use port::Door;

pub(crate) struct Core {
    pub(crate) address: Address,
    pub(crate) waker: Waker,
    pub(crate) gate: Gate,
    pub(crate) registry: Registry,
    pub(crate) counters: Counters,
    pub(crate) alarm: Alarm,
    pub(crate) at_stop: AtStop,
    /// If the builder said so.
    pub(crate) reserve: Option<Reserve>,
    watchers: Watchers,
    /// The listening socket, for as long as the server exists.
    door: OnceLock<Weak<dyn Door>>,
    /// Nobody waits in its operations: the server has ended by force, and hasn't served since.
    waits_ended: AtomicBool,
    port_closed: AtomicBool,
    port_was_closed: AtomicBool,
    /// Held by who closes or opens the port.
    port_turn: Mutex<()>,
    /// Nothing is accepted for now.
    suspended: AtomicBool,
    pub(crate) poll_interval: Option<Duration>,
    pub(crate) linger: Linger,
    pub(crate) time_limits: TimeLimits,
    pub(crate) handshakes: Handshakes,
    observer: Kept<Box<dyn Observer>>,
    next_id: AtomicU64,
    stop: AtomicBool,
    draining: AtomicBool,
    /// What is shared with children that are forked for a request each. Made with the first.
    nursery: ForkMutex<Option<Arc<Nursery>>>,
    /// In such a child: its parent's.
    of_parent: OnceLock<Arc<Nursery>>,
    /// `handle_shutdown` has been called since serving began.
    has_told_state: AtomicBool,
    /// In a forked child the loop belongs to another process: nothing here may wake it or wait for it.
    in_child: AtomicBool,
    /// Where the loop hears that it is to stop, if there is such a thing.
    has_ear: AtomicBool,
    ear: ForkMutex<Option<Arc<Ear>>>,
    life: Mutex<Life>,
    changed: Condvar,
    /// Threads that wait for requests to end.
    waiting: AtomicUsize,
    /// Processes that serve beside this one, which made them.
    pub(crate) workers: ForkMutex<Vec<Arc<Link>>>,
    /// How many there have been.
    worker_count: AtomicU32,
    /// What wakes one of those that share a socket, by its number. Made when they are first needed.
    relays: ForkMutex<Vec<Arc<Relay>>>,
    /// In such a process.
    worker: OnceLock<WorkerSide>,
    /// The mix-in, for as long as the server exists.
    mixin: OnceLock<Weak<dyn Drain>>,
}

/// The values of [`Core`] that a builder sets.
pub(crate) struct CoreOptions {
    pub(crate) limit: Limit,
    pub(crate) max_per_peer: Option<usize>,
    pub(crate) alarm_at: Option<usize>,
    pub(crate) alarm_cool_down: Duration,
    pub(crate) observer: Box<dyn Observer>,
    pub(crate) poll_interval: Option<Duration>,
    pub(crate) linger: Linger,
    pub(crate) time_limits: TimeLimits,
    pub(crate) max_handshakes: Option<usize>,
    pub(crate) reserve_descriptor: bool,
    pub(crate) backlog: Backlog,
    pub(crate) request_queue_size: i32,
}

impl Core {
    pub(crate) fn new(address: Address, options: CoreOptions) -> Result<Self, ServerError> {
        let waker =
            Waker::new().map_err(|source| ServerError::Start { what: "wake-up descriptor", source })?;
        let reserve = options.reserve_descriptor.then(Reserve::new).transpose();
        let reserve = reserve.map_err(|source| ServerError::Start { what: "reserved descriptor", source })?;
        let registry = Registry::default();
        registry.limit_peers(options.max_per_peer);
        Ok(Core {
            address,
            waker,
            gate: Gate::new(options.limit),
            registry,
            counters: Counters::default(),
            alarm: Alarm::new(options.alarm_at, options.alarm_cool_down),
            at_stop: AtStop::new(options.backlog, options.request_queue_size),
            reserve,
            watchers: Watchers::default(),
            door: OnceLock::new(),
            waits_ended: AtomicBool::new(false),
            port_closed: AtomicBool::new(false),
            port_was_closed: AtomicBool::new(false),
            port_turn: Mutex::new(()),
            suspended: AtomicBool::new(false),
            poll_interval: options.poll_interval,
            linger: options.linger,
            time_limits: options.time_limits,
            handshakes: Handshakes::new(options.max_handshakes),
            observer: Kept::new(options.observer),
            next_id: AtomicU64::new(1),
            stop: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            nursery: ForkMutex::new(None),
            of_parent: OnceLock::new(),
            has_told_state: AtomicBool::new(false),
            in_child: AtomicBool::new(false),
            has_ear: AtomicBool::new(false),
            ear: ForkMutex::new(None),
            life: Mutex::new(Life::FRESH),
            changed: Condvar::new(),
            waiting: AtomicUsize::new(0),
            workers: ForkMutex::default(),
            worker_count: AtomicU32::new(0),
            relays: ForkMutex::default(),
            worker: OnceLock::new(),
            mixin: OnceLock::new(),
        })
    }

    /// The number of the next connection or request. No other process gives the same.
    pub(crate) fn next_id(&self) -> u64 {
        let process = self.worker.get().map_or(0, |worker| worker.number);
        numbers::of_request(process, self.next_id.fetch_add(1, Relaxed))
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("address", &self.address)
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}
