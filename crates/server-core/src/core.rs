//! What all parts of a server share, whatever its types: the state of its life, its counts, its events.

mod in_worker;

use crate::{
    Event, Limit, Observer, ServerError, Stats,
    alarm::Alarm,
    crowd::Relay,
    limit::Gate,
    mixin::Drain,
    registry::Registry,
    signals::{Ear, Heard},
    stats::{Counters, Counts},
    wake::Waker,
    watchers::Watchers,
    worker::Link,
    worker_process::WorkerSide,
};
use parking_lot::{Condvar, Mutex};
use socketserver_handlers::{Panicked, ServerControl, guarded};
use socketserver_net::Address;
use socketserver_sys::ForkMutex;
use std::{
    cell::RefCell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock, Weak,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::{Duration, Instant},
};

pub(crate) struct Core {
    pub(crate) address: Address,
    pub(crate) waker: Waker,
    pub(crate) gate: Gate,
    pub(crate) registry: Registry,
    pub(crate) counters: Counters,
    pub(crate) alarm: Alarm,
    watchers: Watchers,
    /// Nothing is accepted for now.
    suspended: AtomicBool,
    pub(crate) poll_interval: Option<Duration>,
    request_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
    observer: Box<dyn Observer>,
    next_id: AtomicU64,
    stop: AtomicBool,
    draining: AtomicBool,
    /// In a forked child the loop belongs to another process: nothing here may wake it or wait for it.
    in_child: AtomicBool,
    /// Where the loop hears that it is to stop, if there is such a thing.
    has_ear: AtomicBool,
    ear: ForkMutex<Option<Arc<Ear>>>,
    life: Mutex<Life>,
    changed: Condvar,
    /// Processes that serve beside this one, which made them.
    pub(crate) workers: ForkMutex<Vec<Arc<Link>>>,
    /// What wakes one of them. Made with the first.
    relay: OnceLock<Arc<Relay>>,
    /// In such a process.
    worker: OnceLock<WorkerSide>,
    /// The mix-in, for as long as the server exists.
    mixin: OnceLock<Weak<dyn Drain>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Never served. A shutdown is remembered, for a thread that is about to serve.
    Fresh,
    Serving,
    /// Served before. A shutdown has nothing to stop.
    Stopped,
}

#[derive(Debug)]
struct Life {
    phase: Phase,
    /// How often serving has begun.
    runs: u64,
    /// Threads inside `handle_request`.
    handling: usize,
    closed: bool,
    drain_until: Option<Instant>,
}

/// Tells one `serve_forever` from the next, so that who waits for the end of one isn't held up by the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run(u64);

impl Life {
    fn is_serving(&self, run: Run) -> bool {
        self.phase == Phase::Serving && self.runs == run.0
    }
}

/// The values of [`Core`] that a builder sets.
pub(crate) struct CoreOptions {
    pub(crate) limit: Limit,
    pub(crate) max_per_peer: Option<usize>,
    pub(crate) alarm_at: Option<usize>,
    pub(crate) alarm_cool_down: Duration,
    pub(crate) observer: Box<dyn Observer>,
    pub(crate) poll_interval: Option<Duration>,
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
}

thread_local! {
    /// The servers that this thread is inside of: serving, or in one of their handlers. It must not wait for them.
    static INSIDE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Leaves when dropped.
pub(crate) struct Inside(usize);

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(|inside| {
            if let Some(at) = inside.iter().rposition(|core| *core == self.0) {
                inside.remove(at);
            }
        });
    }
}

impl Core {
    pub(crate) fn new(address: Address, options: CoreOptions) -> Result<Self, ServerError> {
        let waker =
            Waker::new().map_err(|source| ServerError::Start { what: "wake-up descriptor", source })?;
        let registry = Registry::default();
        registry.limit_peers(options.max_per_peer);
        Ok(Core {
            address,
            waker,
            gate: Gate::new(options.limit),
            registry,
            counters: Counters::default(),
            alarm: Alarm::new(options.alarm_at, options.alarm_cool_down),
            watchers: Watchers::default(),
            suspended: AtomicBool::new(false),
            poll_interval: options.poll_interval,
            request_timeout: options.request_timeout,
            idle_timeout: options.idle_timeout,
            observer: options.observer,
            next_id: AtomicU64::new(1),
            stop: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            in_child: AtomicBool::new(false),
            has_ear: AtomicBool::new(false),
            ear: ForkMutex::new(None),
            life: Mutex::new(Life {
                phase: Phase::Fresh,
                runs: 0,
                handling: 0,
                closed: false,
                drain_until: None,
            }),
            changed: Condvar::new(),
            workers: ForkMutex::default(),
            relay: OnceLock::new(),
            worker: OnceLock::new(),
            mixin: OnceLock::new(),
        })
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Relaxed)
    }

    pub(crate) fn emit(&self, event: &Event<'_>) {
        let _inside = self.enter(); // it may shut the server down, and is itself what that waits for
        // An observer that panics must not take a request, or the loop, with it.
        let _ = guarded(|| {
            self.observer.event(event);
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
        INSIDE.with_borrow_mut(|inside| inside.push(this));
        Inside(this)
    }

    /// Whether the calling thread is inside; a worker process is as a whole, since the end of the server is its parent's to wait for.
    pub(crate) fn is_inside(&self) -> bool {
        self.worker.get().is_some()
            || INSIDE.with_borrow(|inside| inside.contains(&std::ptr::from_ref(self).addr()))
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Relaxed)
    }

    pub(crate) fn is_serving(&self) -> bool {
        self.life.lock().phase == Phase::Serving
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counts().into_stats()
    }

    fn counts(&self) -> Counts {
        // Held, so that what a worker has done isn't counted twice, or not at all, in the moment that it is settled.
        let workers = self.workers.lock();
        self.counters.read().with_workers(in_all(&workers))
    }

    /// Requests in progress, here and in worker processes. The gate says more while the loop tries whether there is another.
    pub(crate) fn in_progress(&self) -> usize {
        self.stats().active
    }

    /// Ends by force what is in progress in this process; it still has to notice.
    pub(crate) fn force(&self) {
        self.registry.close_all(|requests| self.counters.forced(requests as u64));
    }

    /// Ends one by force. It is counted first, so that nobody who sees it end misses it.
    pub(crate) fn close_one(&self, id: u64) -> bool {
        self.registry.close(id, || self.counters.forced(1))
    }

    /// Requests that were ended by force since the server was made, here and in worker processes.
    pub(crate) fn forced(&self) -> usize {
        usize::try_from(self.counts().forced()).unwrap_or(usize::MAX)
    }

    /// Begins to serve; `None` if a shutdown came first.
    pub(crate) fn begin_serving(&self) -> Result<Option<Serving<'_>>, ServerError> {
        let mut life = self.life.lock();
        if life.closed {
            return Err(ServerError::Closed);
        }
        if life.phase == Phase::Serving {
            return Err(ServerError::AlreadyServing { address: self.address.to_string() });
        }
        if self.stop.swap(false, Relaxed) {
            self.waker.reset();
            life.phase = Phase::Stopped;
            return Ok(None);
        }
        life.phase = Phase::Serving;
        life.runs += 1;
        life.drain_until = None;
        self.draining.store(false, Relaxed);
        drop(life);
        self.emit(&Event::Serving { address: &self.address });
        Ok(Some(Serving(self)))
    }

    /// Begins a `handle_request`. A shutdown that comes meanwhile ends it, and only it.
    pub(crate) fn begin_handling(&self) -> Result<Handling<'_>, ServerError> {
        let mut life = self.life.lock();
        if life.closed {
            return Err(ServerError::Closed);
        }
        life.handling += 1;
        if !self.stop.load(Relaxed) {
            self.draining.store(false, Relaxed);
        }
        Ok(Handling(self))
    }

    /// Asks the loop to stop; from a worker process, that of its parent. Returns at once, with what to wait for.
    pub(crate) fn request_stop(&self, drain_until: Option<Instant>) -> Run {
        if let Some(worker) = self.worker.get() {
            worker.ask_parent(drain_until);
            return Run(0);
        }
        self.stop_here(drain_until)
    }

    /// Asks this process's loop to stop.
    pub(crate) fn stop_here(&self, drain_until: Option<Instant>) -> Run {
        if self.in_child.load(Relaxed) {
            return Run(0);
        }
        if let Some(worker) = self.worker.get() {
            // Nothing that another thread of the parent may have held when it forked.
            worker.drain_by(drain_until);
            self.draining.store(true, SeqCst);
            self.stop.store(true, Relaxed);
            self.waker.wake();
            self.registry.close_idle();
            return Run(0);
        }
        let mut life = self.life.lock();
        self.draining.store(true, SeqCst);
        life.drain_until = drain_until.or(life.drain_until);
        // Where nothing is running, and something was, there is nothing to stop: the next `serve_forever` must serve.
        if life.phase != Phase::Stopped || life.handling > 0 {
            self.stop.store(true, Relaxed);
            self.waker.wake();
        }
        let run = Run(life.runs);
        drop(life);
        self.registry.close_idle(); // those who begin to wait from now on see that the server stops
        run
    }

    /// The number of requests in progress has changed.
    pub(crate) fn tell_watchers(&self) {
        self.watchers.tell();
    }

    /// Waits until the number of requests in progress is such, no longer than `until`; says whether it is.
    pub(crate) fn wait_for(&self, until: Instant, mut is_so: impl FnMut(usize) -> bool) -> bool {
        // What worker processes do, nobody tells.
        let look_every = || (!self.workers.lock().is_empty()).then_some(Duration::from_millis(20));
        self.watchers.wait(until, look_every, || is_so(self.in_progress()))
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

    /// Changes the limit; who waits looks whether it is still to wait.
    pub(crate) fn set_limit(&self, limit: Limit) {
        for _ in 0..self.gate.set_limit(limit) {
            self.waker.make_room();
        }
    }

    /// How long requests in progress may still take, if the shutdown said so.
    pub(crate) fn drain_until(&self) -> Option<Instant> {
        if let Some(worker) = self.worker.get() {
            return worker.drain_until();
        }
        self.life.lock().drain_until
    }

    /// Waits until the loop has ended that was running then. Must not be called from inside.
    pub(crate) fn wait_until_stopped(&self, run: Run) {
        let mut life = self.life.lock();
        while life.is_serving(run) {
            self.changed.wait(&mut life);
        }
    }

    /// Waits until no thread serves any more, be it by `handle_request`. After [`close`](Self::close); not from inside.
    pub(crate) fn wait_until_closed(&self) {
        let mut life = self.life.lock();
        while life.phase == Phase::Serving || life.handling > 0 {
            self.changed.wait(&mut life);
        }
    }

    pub(crate) fn know_mixin(&self, mixin: Weak<dyn Drain>) {
        let _ = self.mixin.set(mixin); // a server has one
    }

    /// Waits until that loop has ended and no request is in progress; false if `until` came first.
    pub(crate) fn wait_until_idle(&self, run: Run, until: Instant) -> bool {
        let mut life = self.life.lock();
        while life.is_serving(run) && !self.changed.wait_until(&mut life, until).timed_out() {}
        drop(life);
        // While no loop runs, nobody but the mix-in notices which children have ended.
        if self.in_progress() > 0
            && let Some(mixin) = self.mixin.get().and_then(Weak::upgrade)
        {
            self.hook("drain", || mixin.drain(until));
        }
        let mut life = self.life.lock();
        while life.is_serving(run) || self.gate.inside() > 0 {
            if self.changed.wait_until(&mut life, until).timed_out() {
                return !life.is_serving(run) && self.in_progress() == 0;
            }
        }
        self.in_progress() == 0
    }

    /// Waits until no request is in progress; false if `until` came first. For the loop's own thread.
    pub(crate) fn wait_until_drained(&self, until: Instant) -> bool {
        let mut life = self.life.lock();
        while self.gate.inside() > 0 {
            if self.changed.wait_until(&mut life, until).timed_out() {
                return self.gate.inside() == 0;
            }
        }
        true
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
        let end = |grace: Option<Duration>| grace.and_then(|grace| Instant::now().checked_add(grace));
        // All there is to hear, in order: of several ends the last one counts.
        while let Some(heard) = self.ear().and_then(|ear| ear.take()) {
            match heard {
                Heard::Stop(grace) => drop(self.stop_here(end(grace))),
                Heard::Suspend(suspended) => self.suspend(suspended),
                Heard::End(grace) => {
                    self.hear(None);
                    self.stop_here(self.drain_until().into_iter().chain(end(grace)).min());
                }
            }
        }
    }

    /// No serving from now on.
    pub(crate) fn close(&self) {
        self.life.lock().closed = true;
        self.request_stop(None);
    }

    /// A request has left. Wakes who waits for room, and who waits for the end.
    pub(crate) fn left(&self) {
        let inside = self.gate.leave();
        self.pass_on_room();
        if inside == 0 && self.draining.load(SeqCst) {
            if self.worker.get().is_some() {
                return self.waker.wake(); // its only waiter
            }
            drop(self.life.lock()); // so that a waiter is either before its check or in its wait
            self.changed.notify_all();
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
    pub(crate) fn enter_child(&self) {
        self.in_child.store(true, Relaxed);
    }

    pub(crate) fn is_child(&self) -> bool {
        self.in_child.load(Relaxed)
    }

    fn end(&self, change: impl FnOnce(&mut Life)) {
        let mut life = self.life.lock();
        change(&mut life);
        if life.phase != Phase::Serving && life.handling == 0 {
            self.stop.store(false, Relaxed);
            self.waker.reset();
        }
        drop(life);
        self.changed.notify_all();
    }
}

/// What all worker processes have counted.
pub(crate) fn in_all(workers: &[Arc<Link>]) -> Counts {
    workers.iter().map(|link| link.counts()).reduce(Counts::plus).unwrap_or_default()
}

/// In `serve_forever`; out of it when dropped.
pub(crate) struct Serving<'a>(&'a Core);

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.0.emit(&Event::Stopped { address: &self.0.address });
        self.0.end(|life| life.phase = Phase::Stopped);
    }
}

/// In `handle_request`; out of it when dropped.
pub(crate) struct Handling<'a>(&'a Core);

impl Drop for Handling<'_> {
    fn drop(&mut self) {
        self.0.end(|life| life.handling -= 1);
    }
}

impl ServerControl for Core {
    fn is_draining(&self) -> bool {
        self.draining.load(SeqCst)
    }
    fn request_shutdown(&self) {
        self.request_stop(None);
    }
    fn server_address(&self) -> Address {
        self.address.clone()
    }
    fn request_timeout(&self) -> Option<Duration> {
        self.request_timeout
    }
    fn idle_timeout(&self) -> Option<Duration> {
        self.idle_timeout
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
