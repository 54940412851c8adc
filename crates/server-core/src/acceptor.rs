//! The loop: waits for clients, takes them in, hands them to the mix-in.

mod admitting;
mod at_stop;
mod for_mixins;
mod refusing;
mod sockets;
mod surviving;
mod waiting;
mod waiting_room;

use crate::{
    Job, MixIn, ServerError, ServerHooks, Transport, accept_error::BackOff, backlog::refuse_prefetched,
    crowd::Crowd, server::Shared, wake::Ready, worker_process::LettingIn,
};
use std::{
    fmt,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};
use waiting::{Way, Woken};
pub(crate) use waiting_room::WaitingRoom;

/// Takes in one request after another.
///
/// A mix-in that accepts on several threads gives each a clone, and goes on using the original as well, be it with a mix-in
/// that is never [ready](MixIn::is_ready): the original hears signals and calls `service_actions` by time, and the clones don't,
/// so that this is done once. Clones wait for clients in such a way that each client wakes one of them (on Linux from 5.7 on; elsewhere
/// it wakes all that wait, and one wins).
pub struct Acceptor<T: Transport, S: ServerHooks<T>> {
    pub(crate) shared: Arc<Shared<T, S>>,
    /// What a clone has is not enough to keep the listening socket open, for it may be with a request when the server is closed.
    pub(crate) transport: Weak<T>,
    _keeps_open: Option<Arc<T>>,
    back_off: BackOff,
    /// Nothing is accepted before this.
    paused_until: Option<Instant>,
    next_tick: Option<Instant>,
    /// When it listened last for what the ear may hear.
    listened: Option<Instant>,
    role: Role,
    /// Nobody else is meant to accept on the socket.
    has_own_socket: bool,
    /// The last try has found nobody.
    found_none: bool,
    /// Errors in a row by which the socket seemed unusable.
    fatal: u32,
    /// The mix-in knows that the server stops.
    has_ended_idle: bool,
    /// There may be others, who could serve what this one takes ahead.
    was_cloned: AtomicBool,
    /// What one of several waits by, from its first wait on; `Some(None)` if that can't be had.
    crowd: Option<Option<Crowd>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The loop of `serve_forever`.
    Loop,
    /// In `handle_request`, which doesn't call the user's `service_actions`, as in Python.
    ForOne,
    /// A clone.
    OneOfMany,
}

/// What an [`Acceptor`] came back with.
#[derive(Debug)]
pub enum Accepted<T: Transport, S: ServerHooks<T>> {
    /// A request that passed `verify_request`.
    Job(Job<T, S>),
    /// One that was turned away, and has been closed.
    Refused,
    /// The server has been told to stop.
    Stopped,
    /// The time was up.
    TimedOut,
}

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    pub(crate) fn new(shared: &Arc<Shared<T, S>>, transport: Arc<T>) -> Self {
        let mut this = Acceptor {
            shared: shared.clone(),
            transport: Arc::downgrade(&transport),
            _keeps_open: Some(transport),
            back_off: BackOff::default(),
            paused_until: None,
            next_tick: None,
            listened: None,
            role: Role::Loop,
            has_own_socket: false,
            found_none: false,
            fatal: 0,
            has_ended_idle: false,
            was_cloned: AtomicBool::new(false),
            crowd: None,
        };
        this.schedule_tick();
        this
    }

    /// For `handle_request`.
    pub(crate) fn for_one(shared: &Arc<Shared<T, S>>, transport: Arc<T>) -> Self {
        Acceptor { role: Role::ForOne, ..Acceptor::new(shared, transport) }
    }

    /// For the loop of a worker process.
    pub(crate) fn for_worker(shared: &Arc<Shared<T, S>>, transport: Arc<T>, has_own_socket: bool) -> Self {
        Acceptor { has_own_socket, ..Acceptor::new(shared, transport) }
    }

    /// Serves until the server is told to stop: each request goes to `mixin`.
    ///
    /// # Errors
    /// [`ServerError::Accept`] if the listening socket has become unusable.
    pub fn run<M: MixIn>(&mut self, mixin: &M) -> Result<(), ServerError> {
        loop {
            match self.accept(mixin, None)? {
                Accepted::Job(job) => self.process_request(job, mixin),
                Accepted::Refused => {}
                Accepted::Stopped | Accepted::TimedOut => return Ok(()),
            }
            self.service_actions(mixin);
        }
    }

    /// Waits for the next request, at most until `until`. Never spins: errors that would repeat themselves make it pause.
    ///
    /// A clone comes back late if the time passes while it waits for room among the connections, or pauses: it may be the one that
    /// a client in the backlog relies on.
    ///
    /// # Errors
    /// [`ServerError::Accept`] if the listening socket has become unusable.
    pub fn accept<M: MixIn>(
        &mut self,
        mixin: &M,
        until: Option<Instant>,
    ) -> Result<Accepted<T, S>, ServerError> {
        let _inside = self.shared.core.enter(); // for the hooks that are called here
        let Some(transport) = self.transport.upgrade() else { return Ok(Accepted::Stopped) };
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.take_next(mixin, &transport, until))) {
                Ok(accepted) => return accepted,
                Err(payload) => {
                    if let Some(end) = self.survive(payload, until) {
                        return Ok(end);
                    }
                }
            }
        }
    }

    fn take_next<M: MixIn>(
        &mut self,
        mixin: &M,
        transport: &T,
        until: Option<Instant>,
    ) -> Result<Accepted<T, S>, ServerError> {
        // Under load the next client is there already: try first, and wait only if it isn't.
        let mut may_be_there = true;
        let mut woken = Woken::No;
        loop {
            self.listen_now_and_then();
            self.shared.core.tend_worker(self.role == Role::Loop);
            self.leave_if_empty(transport);
            self.refuse_kept(transport);
            let letting_in = LettingIn::begin(&self.shared.core);
            let is_stopping = self.shared.core.is_stopping();
            // Those who were there when the server was told to stop.
            let goes_on = is_stopping && self.serves_backlog(transport);
            let stays = goes_on || is_stopping && self.serves_waiting();
            if stays && self.role == Role::Loop && !self.has_ended_idle && self.is_draining() {
                self.has_ended_idle = true;
                self.shared.core.hook("end_idle", || mixin.end_idle());
            }
            let way = self.way(mixin, transport, stays);
            let open = way == Way::Open;
            if (is_stopping || !open) && woken != Woken::No {
                self.pass_on(); // the client waits for somebody
                woken = Woken::No;
            }
            if let Some(accepted) = self.call_in(way) {
                return Ok(accepted);
            }
            let has_prefetched = is_stopping && !goes_on && open && self.has_time_for_prefetched(transport);
            if is_stopping && !stays && !has_prefetched {
                let stopped = self.stopped();
                if self.has_own_socket {
                    refuse_prefetched(&self.shared, transport);
                }
                self.refuse_backlog(transport);
                return Ok(stopped);
            }
            if open && (goes_on || has_prefetched || may_be_there && !is_stopping) {
                let tried = self.try_accept(transport, !is_stopping && mixin.prefetches());
                if woken == Woken::ByOther && !matches!(tried, Ok(ControlFlow::Continue(()))) {
                    self.pass_on(); // where one was forgotten there may be more
                }
                if let ControlFlow::Break(accepted) = tried? {
                    if goes_on {
                        self.shared.core.at_stop.took_one();
                    }
                    if self.has_kept(transport) {
                        self.shared.core.waker.wake(); // of those who were woken, only we may have come to it
                    }
                    self.hand_over_waiting();
                    self.leave_if_empty(transport); // others may be waiting, and we may be busy for long
                    if woken != Woken::No
                        && let Accepted::Job(job) = &accepted
                    {
                        self.step_back(job, transport);
                    }
                    return Ok(accepted);
                }
                if goes_on {
                    if self.found_none || self.gives_up() {
                        self.shared.core.at_stop.found_none();
                    }
                    continue;
                }
                if is_stopping {
                    return Ok(self.stopped()); // a hook doesn't want what there is
                }
                may_be_there = false;
                if self.found_none {
                    woken = Woken::No;
                }
                continue; // what has changed meanwhile, a pause say, decides what to wait for
            }
            drop(letting_in);
            let may_leave = self.role != Role::OneOfMany || !matches!(way, Way::Full | Way::Paused);
            if may_leave && until.is_some_and(|until| Instant::now() >= until) {
                self.shared.core.pass_on_room();
                self.hand_over_waiting();
                return Ok(Accepted::TimedOut);
            }
            let mixin_time = mixin.wake_time();
            // It can't be seen from outside, as what is in the socket can: a hook has left it there.
            let is_known = open && !is_stopping && transport.has_prefetched();
            let now = is_known.then(Instant::now);
            let ready = self.wait(
                transport,
                mixin,
                way,
                until.filter(|_| may_leave).into_iter().chain(mixin_time).chain(now).min(),
            )?;
            may_be_there = ready.request || !open || is_known;
            woken = match ready {
                Ready { called: true, .. } => Woken::ByOther,
                Ready { request: true, .. } => Woken::BySystem,
                _ => Woken::No,
            };
            if ready.mixin || mixin_time.is_some_and(|time| Instant::now() >= time) {
                self.shared.core.hook("service_actions", || mixin.service_actions());
            }
            self.tick(mixin);
        }
    }

    /// It is over; the state hears of it first, by the loop.
    fn stopped(&self) -> Accepted<T, S> {
        let Shared { core, state, .. } = &*self.shared;
        if self.role == Role::Loop && core.must_tell_state() {
            core.hook("handle_shutdown", || state.handle_shutdown());
        }
        Accepted::Stopped
    }
}

/// See the [type](Acceptor)'s documentation for what a clone does differently.
impl<T: Transport, S: ServerHooks<T>> Clone for Acceptor<T, S> {
    fn clone(&self) -> Self {
        self.was_cloned.store(true, Relaxed);
        Acceptor {
            shared: self.shared.clone(),
            transport: self.transport.clone(),
            _keeps_open: None,
            back_off: BackOff::default(),
            paused_until: None,
            next_tick: None,
            listened: None,
            role: Role::OneOfMany,
            has_own_socket: false,
            found_none: false,
            fatal: 0,
            has_ended_idle: false,
            was_cloned: AtomicBool::new(true),
            crowd: None,
        }
    }
}

impl<T: Transport, S: ServerHooks<T>> fmt::Debug for Acceptor<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("back_off", &self.back_off).finish_non_exhaustive()
    }
}
