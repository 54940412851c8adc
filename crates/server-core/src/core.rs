//! What all parts of a server share, whatever its types: the state of its life, its counts, its events.

mod asking;
mod in_worker;
mod life;
#[cfg(all(test, loom))]
mod models;
mod port;
#[cfg(all(test, not(loom)))]
mod tests;
mod waits;

use crate::{
    Event, Limit, Linger, Observer, ServerError, Stats,
    alarm::Alarm,
    backlog::{AtStop, Backlog},
    crowd::Relay,
    handshake::Handshakes,
    limit::Gate,
    link::Link,
    mixin::Drain,
    registry::Registry,
    reserve::Reserve,
    signals::{Ear, Heard},
    stats::{Counters, Counts},
    sync::{Condvar, Mutex},
    time_limits::TimeLimits,
    wake::Waker,
    watchers::Watchers,
    worker_process::WorkerSide,
};
use life::Life;
use socketserver_handlers::{Panicked, ServerControl, guarded};
use socketserver_net::Address;
#[cfg(loom)]
use socketserver_sys::sync::thread_local;
use socketserver_sys::{ForkMutex, SharedWords, sync::AtomicBool};
use std::{
    cell::RefCell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock, Weak,
        atomic::{
            AtomicU32, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::{Duration, Instant},
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
    observer: Box<dyn Observer>,
    next_id: AtomicU64,
    stop: AtomicBool,
    draining: AtomicBool,
    /// The same for children that were forked for a request. Made with the first.
    told_children: ForkMutex<Option<Arc<SharedWords>>>,
    /// In such a child: what its parent says.
    told_by_parent: OnceLock<Arc<SharedWords>>,
    /// `handle_shutdown` has been called since serving began.
    has_told_state: AtomicBool,
    /// In a forked child the loop belongs to another process: nothing here may wake it or wait for it.
    in_child: AtomicBool,
    /// Where the loop hears that it is to stop, if there is such a thing.
    has_ear: AtomicBool,
    ear: ForkMutex<Option<Arc<Ear>>>,
    life: Mutex<Life>,
    changed: Condvar,
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

thread_local! {
    /// The servers that this thread is inside of: serving, or in one of their handlers. It must not wait for them.
    static INSIDE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Leaves when dropped.
pub(crate) struct Inside(usize);

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with(|inside| {
            let mut inside = inside.borrow_mut();
            if let Some(at) = inside.iter().rposition(|core| *core == self.0) {
                inside.remove(at);
            }
        });
    }
}

/// See [`Core::run_as`].
pub(crate) struct RunsAs<'a> {
    core: &'a Core,
    id: u64,
}

impl Drop for RunsAs<'_> {
    fn drop(&mut self) {
        self.core.observe(|observer| observer.leave(self.id));
    }
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
            port_closed: AtomicBool::new(false),
            port_was_closed: AtomicBool::new(false),
            port_turn: Mutex::new(()),
            suspended: AtomicBool::new(false),
            poll_interval: options.poll_interval,
            linger: options.linger,
            time_limits: options.time_limits,
            handshakes: Handshakes::new(options.max_handshakes),
            observer: options.observer,
            next_id: AtomicU64::new(1),
            stop: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            told_children: ForkMutex::new(None),
            told_by_parent: OnceLock::new(),
            has_told_state: AtomicBool::new(false),
            in_child: AtomicBool::new(false),
            has_ear: AtomicBool::new(false),
            ear: ForkMutex::new(None),
            life: Mutex::new(Life::FRESH),
            changed: Condvar::new(),
            workers: ForkMutex::default(),
            worker_count: AtomicU32::new(0),
            relays: ForkMutex::default(),
            worker: OnceLock::new(),
            mixin: OnceLock::new(),
        })
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Relaxed)
    }

    /// The number of the next worker process, from 1 on.
    pub(crate) fn next_worker(&self) -> u32 {
        self.worker_count.fetch_add(1, Relaxed).wrapping_add(1)
    }

    pub(crate) fn emit(&self, event: &Event<'_>) {
        let _inside = self.enter(); // it may shut the server down, and is itself what that waits for
        self.observe(|observer| observer.event(event));
    }

    /// This thread runs what belongs to a connection or a datagram whose begin has been told, until the value is dropped.
    pub(crate) fn run_as(&self, told: Option<u64>) -> Option<RunsAs<'_>> {
        let id = told?;
        self.observe(|observer| observer.enter(id));
        Some(RunsAs { core: self, id })
    }

    /// An observer that panics must not take a request, or the loop, with it.
    fn observe(&self, tell: impl FnOnce(&dyn Observer)) {
        let _ = guarded(|| {
            tell(&*self.observer);
            Ok(())
        });
    }

    pub(crate) fn wants_requests(&self) -> bool {
        guarded(|| Ok(self.observer.wants_requests())).unwrap_or(false)
    }

    /// Runs a hook that belongs to no request; a panic is an event.
    pub(crate) fn hook<R>(&self, hook: &'static str, code: impl FnOnce() -> R) -> Option<R> {
        let _inside = self.enter();
        catch_unwind(AssertUnwindSafe(code))
            .map_err(|payload| {
                self.emit(&Event::HookPanicked { hook, message: &Panicked::from(payload).message });
            })
            .ok()
    }

    pub(crate) fn enter(&self) -> Inside {
        let this = std::ptr::from_ref(self).addr();
        INSIDE.with(|inside| inside.borrow_mut().push(this));
        Inside(this)
    }

    /// Whether the calling thread is inside; a worker process is as a whole, since the end of the server is its parent's to wait for.
    pub(crate) fn is_inside(&self) -> bool {
        self.worker.get().is_some()
            || INSIDE.with(|inside| inside.borrow().contains(&std::ptr::from_ref(self).addr()))
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Relaxed)
    }

    pub(crate) fn stats(&self) -> Stats {
        let workers = self.workers.lock(); // as below
        let (counts, open) = self.registry.with_traffic(|| self.counters.read());
        counts.with_workers(in_all(&workers)).with_traffic(open).into_stats()
    }

    fn counts(&self) -> Counts {
        // Held, so that what a worker has done isn't counted twice, or not at all, in the moment that it is settled.
        let workers = self.workers.lock();
        self.counters.read().with_workers(in_all(&workers))
    }

    /// Requests in progress, here and in worker processes. The gate says more while the loop tries whether there is another.
    pub(crate) fn in_progress(&self) -> usize {
        usize::try_from(self.counts().in_progress()).unwrap_or(usize::MAX)
    }

    /// Ends by force what is in progress in this process; it still has to notice.
    pub(crate) fn force(&self) {
        self.registry.close_all(|requests| self.counters.forced(requests as u64));
    }

    /// Whether a connection is being ended by force. Looks at a number only, while none has ever been.
    pub(crate) fn is_forced(&self, id: u64) -> bool {
        self.counters.has_forced() && self.registry.is_ended(id)
    }

    /// Requests that were ended by force since the server was made, here and in worker processes.
    pub(crate) fn forced(&self) -> usize {
        usize::try_from(self.counts().forced()).unwrap_or(usize::MAX)
    }

    /// Whether nothing is to be accepted for now.
    pub(crate) fn is_suspended(&self) -> bool {
        self.suspended.load(SeqCst)
    }

    /// Nothing is accepted from now on, or everything again.
    pub(crate) fn suspend(&self, suspended: bool) {
        let workers = self.workers.lock(); // held, so that none is forked in between
        self.suspended.store(suspended, SeqCst);
        self.waker.open(!suspended);
        workers.iter().for_each(|link| link.suspend(suspended));
    }

    /// Changes the limit, in worker processes too; who waits looks whether it is still to wait.
    pub(crate) fn set_limit(&self, limit: Limit) {
        let workers = self.workers.lock(); // held, so that none is forked in between
        for _ in 0..self.gate.set_limit(limit) {
            self.waker.make_room();
        }
        workers.iter().for_each(|link| link.limit(limit));
    }

    /// Changes the limit of connections from one peer, in worker processes too.
    pub(crate) fn limit_peers(&self, max: Option<usize>) {
        let workers = self.workers.lock();
        self.registry.limit_peers(max);
        workers.iter().for_each(|link| link.limit_peers(max));
    }

    pub(crate) fn hear(&self, ear: Option<Ear>) {
        self.has_ear.store(ear.is_some(), Relaxed);
        *self.ear.lock() = ear.map(Arc::new);
        self.waker.wake(); // so that a waiting loop listens to it
    }

    pub(crate) fn has_ear(&self) -> bool {
        self.has_ear.load(Relaxed)
    }

    pub(crate) fn ear(&self) -> Option<Arc<Ear>> {
        self.has_ear.load(Relaxed).then(|| self.ear.lock().clone()).flatten()
    }

    /// Does what the ear hears: mostly, stops the loop. Doesn't wait.
    pub(crate) fn listen(&self) {
        // All there is to hear, in order: of several ends the last one counts.
        while let Some(heard) = self.ear().and_then(|ear| ear.take()) {
            self.obey(heard);
        }
    }

    pub(crate) fn obey(&self, heard: Heard) {
        let end = |grace: Option<Duration>| grace.and_then(|grace| Instant::now().checked_add(grace));
        match heard {
            Heard::Stop(grace) => drop(self.stop_here(end(grace))),
            Heard::Leave => self.leave(),
            Heard::Wishes => self.take_wishes(),
            Heard::List(answer) => self.answer_list(answer),
            Heard::Close(id, answer) => self.answer_close(id, answer),
            Heard::End(grace) => {
                self.hear(None);
                self.stop_here(self.drain_until().into_iter().chain(end(grace)).min());
            }
        }
    }
    /// There is room that the caller doesn't use. One acceptor that waits for some gets it, since none but those who wait for it
    /// would come to know.
    pub(crate) fn pass_on_room(&self) {
        if self.gate.has_queue() {
            self.waker.make_room();
        }
    }

    /// From now on this is a forked child's copy.
    pub(crate) fn enter_child(&self, told: Option<Arc<SharedWords>>) {
        self.in_child.store(true, Relaxed);
        if let Some(told) = told {
            let _ = self.told_by_parent.set(told); // it has one parent
        }
    }

    pub(crate) fn is_child(&self) -> bool {
        self.in_child.load(Relaxed)
    }
}

/// What all worker processes have counted.
pub(crate) fn in_all(workers: &[Arc<Link>]) -> Counts {
    workers.iter().map(|link| link.counts()).reduce(Counts::plus).unwrap_or_default()
}

impl ServerControl for Core {
    fn is_draining(&self) -> bool {
        let is_told = || self.told_by_parent.get().is_some_and(|told| told[0].load(SeqCst) != 0);
        self.draining.load(SeqCst) || self.is_child() && is_told()
    }
    fn request_shutdown(&self) {
        self.request_stop(None);
    }
    fn server_address(&self) -> Address {
        self.address.clone()
    }
    fn request_timeout(&self) -> Option<Duration> {
        self.time_limits.request
    }
    fn idle_timeout(&self) -> Option<Duration> {
        self.time_limits.idle
    }
    fn handshake_timeout(&self) -> Option<Duration> {
        self.time_limits.handshake
    }
    fn begin_handshake(&self) -> bool {
        self.handshakes.begin()
    }
    fn end_handshake(&self) {
        self.handshakes.end();
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
