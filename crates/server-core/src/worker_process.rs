//! A process that serves beside others, on the listening socket that they share: as it sees itself.

use crate::{
    Acceptor, Bell, MixIn, ServerError, ServerHooks, Transport, WorkerSettings,
    backlog::refuse_prefetched,
    core::Core,
    crowd::Relay,
    server::Shared,
    slot::{Slot, WorkerPhase},
    wake::Wanted,
    worker_control,
};
use parking_lot::Mutex;
use socketserver_handlers::ServerControl;
use socketserver_sys::Child;
use std::{
    fmt, io,
    io::Write,
    mem,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst, fence},
    },
    thread,
    time::{Duration, Instant},
};

/// A worker process, as it sees itself.
pub struct WorkerProcess<T: Transport, S: ServerHooks<T>> {
    child: Child,
    acceptor: Acceptor<T, S>,
}

/// What makes a server's core that of a worker process.
pub(crate) struct WorkerSide {
    /// Which of all that were ever forked it is.
    pub(crate) number: u32,
    pub(crate) slot: Arc<Slot>,
    /// Calls for the parent.
    news: Arc<Bell>,
    /// Rung by the parent, and by this process for the thread that listens to it.
    pub(crate) nudge: Arc<Bell>,
    pub(crate) settings: WorkerSettings,
    /// To those that accept in other processes, and in this.
    pub(crate) relay: Arc<Relay>,
    end: Mutex<End>,
    /// The socket is given up: it stops when nobody waits there.
    leaves: AtomicBool,
    /// Since when it accepts no more, though it doesn't drain yet.
    retired: OnceLock<Instant>,
    /// How many of its threads may be taking somebody in who isn't listed yet.
    letting_in: AtomicUsize,
}

/// When requests in progress must have ended.
#[derive(Default)]
struct End {
    until: Option<Instant>,
    /// By a stop, which no reason of the worker's own puts off.
    is_told: bool,
}

/// While there is one, the worker process may be taking somebody in.
pub(crate) struct LettingIn(Arc<Core>);

impl LettingIn {
    /// To be said before it is asked whether the server stops, so that a worker that retires either is seen to, or sees this.
    pub(crate) fn begin(core: &Arc<Core>) -> Option<Self> {
        core.worker()?.letting_in.fetch_add(1, SeqCst);
        fence(SeqCst);
        Some(LettingIn(core.clone()))
    }
}

impl Drop for LettingIn {
    fn drop(&mut self) {
        if let Some(worker) = self.0.worker() {
            worker.letting_in.fetch_sub(1, SeqCst);
        }
    }
}

/// Who has come, and hasn't asked for anything yet, is waited for so long by a worker process that another one replaces.
const PATIENCE: Duration = Duration::from_secs(5);
/// Nothing tells that he has asked.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What a worker process that accepts no more has still to do before it drains.
pub(crate) enum Retired {
    /// To look again then.
    Waits(Instant),
    IsDone,
}

/// A worker that was forced to an end gets this long to notice.
pub(crate) const LAST_WORDS: Duration = Duration::from_millis(250);
/// Exit status of a worker that could not do its work (EX_OSERR of sysexits.h).
pub(crate) const CANNOT_WORK: i32 = 71;

impl WorkerSide {
    pub(crate) fn new(
        number: u32,
        slot: Arc<Slot>,
        news: &Arc<Bell>,
        nudge: Arc<Bell>,
        settings: WorkerSettings,
        relay: Arc<Relay>,
    ) -> Self {
        WorkerSide {
            number,
            slot,
            news: news.clone(),
            nudge,
            settings,
            relay,
            end: Mutex::default(),
            leaves: AtomicBool::new(false),
            retired: OnceLock::new(),
            letting_in: AtomicUsize::new(0),
        }
    }

    /// Hands the wish to stop the server to the parent, whose server it is.
    pub(crate) fn ask_parent(&self, until: Option<Instant>) {
        self.slot.ask_to_stop(until.map(|until| until.saturating_duration_since(Instant::now())));
        self.news.ring();
    }

    pub(crate) fn enter(&self, phase: WorkerPhase) {
        self.slot.set_phase(phase);
        self.news.ring();
    }

    /// Sets, or changes, when requests in progress must have ended.
    pub(crate) fn drain_by(&self, until: Option<Instant>) {
        *self.end.lock() = End { until, is_told: true };
        self.nudge.ring(); // who waits for the old one has to look
    }

    /// The same for a worker that is replaced, which may be told to stop at the same moment.
    pub(crate) fn drain_by_unless_told(&self, until: Option<Instant>) {
        let mut end = self.end.lock();
        if !end.is_told {
            end.until = until;
        }
        drop(end);
        self.nudge.ring();
    }

    pub(crate) fn drain_until(&self) -> Option<Instant> {
        self.end.lock().until
    }

    pub(crate) fn leave(&self) {
        self.leaves.store(true, SeqCst);
    }

    pub(crate) fn leaves(&self) -> bool {
        self.leaves.load(SeqCst)
    }

    pub(crate) fn retire(&self) {
        let _ = self.retired.set(Instant::now()); // the first time counts
    }

    /// If it has retired, and waits for those who have come: until when it does, as long as there may be some.
    pub(crate) fn waits_for_newcomers(&self, are_there: impl FnOnce() -> bool) -> Option<Retired> {
        let late = self.retired.get()?.checked_add(PATIENCE);
        let now = Instant::now();
        let waits = late.is_none_or(|late| now < late) && (self.letting_in.load(SeqCst) > 0 || are_there());
        Some(if waits { Retired::Waits(now + LOOK_AGAIN) } else { Retired::IsDone })
    }

    /// Whether it has taken in as many requests as it may.
    pub(crate) fn is_spent(&self, accepted: u64) -> bool {
        self.settings.max_requests.is_some_and(|max| accepted >= max)
    }

    /// When requests in progress must have ended, if the worker ends for a reason of its own now.
    pub(crate) fn own_end(&self) -> Option<Instant> {
        self.settings.grace.and_then(|grace| Instant::now().checked_add(grace))
    }
}

impl<T: Transport, S: ServerHooks<T>> WorkerProcess<T, S> {
    pub(crate) fn new(child: Child, acceptor: Acceptor<T, S>) -> Self {
        WorkerProcess { child, acceptor }
    }

    /// The process, to close what it inherited and doesn't need.
    pub fn child(&self) -> &Child {
        &self.child
    }

    /// Serves by `mixin` until told to end, finishes the requests in progress, and ends the process: with status 0, or 71 if it
    /// could not serve. It ends as by `_exit`, which loses what handlers printed without a newline; with `flush_stdout` that is
    /// written first, for which no thread of the parent may have held stdout's lock in the moment of the fork.
    pub fn run<M: MixIn>(self, mixin: &M, flush_stdout: bool) -> ! {
        let WorkerProcess { child, acceptor } = self;
        let shared = acceptor.shared.clone();
        let Some(worker) = shared.core.worker() else { child.exit(CANNOT_WORK) };
        worker.enter(WorkerPhase::Serving); // before anybody may say that it is leaving
        if !mixin.forks() {
            worker_control::start(&shared.core);
        }
        let tended = shared.lingering.open(&shared.core);
        let served = shared.core.hook("serve", || mixin.serve(acceptor));
        for transport in shared.listening.all() {
            if worker.leaves() {
                // Who comes now is given to other sockets.
                shared.core.hook("close_in_child", || transport.close_in_child(&child));
            }
            refuse_prefetched(&shared, &transport);
        }
        shared.waiting_room.clear::<T, S>();
        worker.enter(WorkerPhase::Leaving); // before the wait for those who linger: nobody is taken in meanwhile
        drop(tended);
        if let Some(Err(ServerError::Accept { source, .. })) = &served {
            worker.slot.cannot_accept(source);
        }
        if matches!(served, Some(Err(_)) | None) {
            shared.core.stop_here(worker.own_end());
        }
        // A handler that still runs may hold the lock, too.
        if finish(&shared, worker, mixin) && flush_stdout {
            let _ = io::stdout().flush();
        }
        match served {
            Some(Ok(())) => child.exit(0),
            Some(Err(error)) => {
                log::error!(target: "socketserver", "a worker process ends: {error}");
                child.exit(CANNOT_WORK)
            }
            None => child.exit(CANNOT_WORK),
        }
    }
}

/// Waits for the requests in progress, ends by force those that overstay. True if none is left.
fn finish<T: Transport, S: ServerHooks<T>, M: MixIn>(
    shared: &Shared<T, S>,
    worker: &WorkerSide,
    mixin: &M,
) -> bool {
    let core = &shared.core;
    let mut forced_at: Option<Instant> = None;
    let mut has_drained = false;
    loop {
        core.waker.reset(); // before the look, so that nobody leaves unnoticed between the two
        core.hook("service_actions", || mixin.service_actions());
        let look = core.tend_retirement();
        if core.is_draining() && !mem::replace(&mut has_drained, true) {
            core.hook("drain", || mixin.drain(Instant::now()));
        }
        if core.gate.inside() == 0 {
            return true;
        }
        let end = match forced_at {
            Some(at) => Some(at + LAST_WORDS),
            // As `Handle::shutdown` in the parent does, a moment after its deadline: it counts first what is left.
            None => worker.drain_until().and_then(|until| until.checked_add(LAST_WORDS)),
        };
        if end.is_some_and(|end| Instant::now() >= end) {
            if forced_at.is_some() {
                return false;
            }
            core.force();
            forced_at = Some(Instant::now());
            continue;
        }
        let ear = core.ear();
        let mixin_time = core.hook("wake_time", || mixin.wake_time()).flatten();
        let waited = core.waker.wait(Wanted {
            mixin: core.hook("wake_source", || mixin.wake_source()).flatten(),
            signals: ear.as_ref().map_or([None; 2], |ear| ear.readiness()),
            until: end.into_iter().chain(mixin_time).chain(look).min(),
            ..Wanted::default()
        });
        match waited {
            Ok(ready) if ready.signal => core.listen(),
            Ok(_) => {}
            // A lack of memory to wait by: nobody loses the rest of the grace for that. What can be heard is looked for.
            Err(_) => {
                thread::sleep(Duration::from_millis(5));
                core.listen();
            }
        }
    }
}

impl<T: Transport, S: ServerHooks<T>> fmt::Debug for WorkerProcess<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerProcess").field("child", &self.child).finish_non_exhaustive()
    }
}
