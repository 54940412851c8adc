//! The loop: waits for clients, takes them in, hands them to the mix-in.

use crate::{
    AcceptError, Event, Job, MixIn, PeerAddress, ServerError, ServerHooks, Transport,
    accept_error::BackOff,
    server::Shared,
    wake::{Ready, Wanted},
};
use socketserver_handlers::guarded;
use std::{
    fmt, io,
    ops::ControlFlow,
    os::fd::AsFd,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

/// Takes in one request after another. A mix-in that accepts on several threads gives each a clone.
pub struct Acceptor<T: Transport, S: ServerHooks<T>> {
    shared: Arc<Shared<T, S>>,
    transport: Arc<T>,
    back_off: BackOff,
    /// Nothing is accepted before this.
    paused_until: Option<Instant>,
    next_tick: Option<Instant>,
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
            transport,
            back_off: BackOff::default(),
            paused_until: None,
            next_tick: None,
        };
        this.schedule_tick();
        this
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
    /// # Errors
    /// [`ServerError::Accept`] if the listening socket has become unusable.
    pub fn accept<M: MixIn>(
        &mut self,
        mixin: &M,
        until: Option<Instant>,
    ) -> Result<Accepted<T, S>, ServerError> {
        // Under load the next client is there already: try first, and wait only if it isn't.
        let mut may_be_there = true;
        loop {
            if self.shared.core.is_stopping() {
                return Ok(Accepted::Stopped);
            }
            let open = self.paused_until.is_none() && mixin.is_ready() && !self.must_wait_for_room();
            if open && may_be_there {
                if let ControlFlow::Break(accepted) = self.try_accept()? {
                    return Ok(accepted);
                }
                may_be_there = false;
                continue; // what has changed meanwhile, a pause say, decides what to wait for
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(Accepted::TimedOut);
            }
            let ready = self.wait(mixin, open, until)?;
            may_be_there = ready.request || !open;
            if ready.mixin {
                self.shared.core.hook("service_actions", || mixin.service_actions());
            }
            self.tick(mixin);
        }
    }

    /// Hands a request to the mix-in, through the state's hook.
    pub fn process_request<M: MixIn>(&self, job: Job<T, S>, mixin: &M) {
        let Shared { core, state, .. } = &*self.shared;
        core.hook("process_request", || state.process_request(job, mixin));
    }

    /// What is due after each request.
    pub fn service_actions<M: MixIn>(&self, mixin: &M) {
        let Shared { core, state, .. } = &*self.shared;
        core.hook("service_actions", || {
            mixin.service_actions();
            state.service_actions();
        });
    }

    fn must_wait_for_room(&self) -> bool {
        let gate = &self.shared.core.gate;
        !gate.rejects && gate.is_full() && gate.must_wait()
    }

    /// Takes in a request, if there is one.
    fn try_accept(&mut self) -> Result<ControlFlow<Accepted<T, S>>, ServerError> {
        let shared = &self.shared;
        let has_place = shared.core.gate.try_enter();
        if !has_place && !shared.core.gate.rejects {
            return Ok(ControlFlow::Continue(())); // another acceptor took the last place
        }
        let leave = || {
            if has_place {
                shared.core.left()
            }
        };
        // A panic in the user's hook must neither lose the place nor end the loop.
        let taken = guarded(|| Ok(shared.state.get_request(&self.transport)));
        let error = match taken {
            Ok(Ok((request, peer))) => {
                self.back_off.reset();
                return Ok(ControlFlow::Break(admit(shared, request, peer, has_place)));
            }
            Ok(Err(error)) => error,
            Err(panic) => {
                shared.core.emit(&Event::HookPanicked { hook: "get_request", message: &panic.to_string() });
                io::Error::other("get_request panicked")
            }
        };
        leave();
        self.failed(error)?;
        Ok(ControlFlow::Continue(()))
    }

    fn failed(&mut self, error: io::Error) -> Result<(), ServerError> {
        let core = &self.shared.core;
        let class = AcceptError::of(&error);
        if class == AcceptError::Nothing {
            return Ok(());
        }
        core.counters.accept_errors.fetch_add(1, Relaxed);
        match class {
            AcceptError::Exhausted => {
                let wait = self.back_off.next();
                self.paused_until = Some(Instant::now() + wait);
                core.emit(&Event::AcceptFailed { error: &error, back_off: Some(wait) });
            }
            AcceptError::Fatal => {
                return Err(ServerError::Accept { address: core.address.to_string(), source: error });
            }
            _ => core.emit(&Event::AcceptFailed { error: &error, back_off: None }),
        }
        Ok(())
    }

    /// Waits for what can end the wait: a request if the way is `open`, a wake-up, the mix-in, a point in time.
    fn wait<M: MixIn>(
        &mut self,
        mixin: &M,
        open: bool,
        until: Option<Instant>,
    ) -> Result<Ready, ServerError> {
        let core = &self.shared.core;
        let ear = core.ear();
        let wanted = Wanted {
            request: open.then(|| self.transport.readiness()),
            mixin: mixin.wake_source(),
            signal: ear.as_ref().map(|ear| ear.readiness().as_fd()),
            until: [until, self.paused_until, self.next_tick].into_iter().flatten().min(),
        };
        let ready = core
            .waker
            .wait(wanted)
            .map_err(|source| ServerError::Accept { address: core.address.to_string(), source })?;
        if let Some(grace) = ear.filter(|_| ready.signal).and_then(|ear| ear.take()) {
            core.request_stop(Instant::now().checked_add(grace));
        }
        if ready.woken && !core.is_stopping() {
            core.waker.reset(); // somebody made room; a stop stays visible to all who wait
        }
        if self.paused_until.is_some_and(|until| Instant::now() >= until) {
            self.paused_until = None;
        }
        Ok(ready)
    }

    /// Every `poll_interval`, while no requests come.
    fn tick<M: MixIn>(&mut self, mixin: &M) {
        if self.next_tick.is_some_and(|tick| Instant::now() >= tick) {
            self.service_actions(mixin);
            self.schedule_tick();
        }
    }

    fn schedule_tick(&mut self) {
        self.next_tick = self.shared.core.poll_interval.and_then(|every| Instant::now().checked_add(every));
    }
}

/// Counts a request in, and asks whether it shall be served.
fn admit<T: Transport, S: ServerHooks<T>>(
    shared: &Arc<Shared<T, S>>,
    request: T::Request,
    peer: PeerAddress<T>,
    has_place: bool,
) -> Accepted<T, S> {
    let mut job = Job::new(shared, request, peer, has_place);
    if !has_place {
        let parts = job.parts_mut();
        shared.core.hook("reject_request", || shared.state.reject_request(&mut parts.request, &parts.peer));
        job.refuse();
        return Accepted::Refused;
    }
    match guarded(|| Ok(shared.state.verify_request(job.request(), job.client_address()))) {
        Ok(true) => return Accepted::Job(job),
        Ok(false) => job.refuse(),
        Err(panic) => drop(job.end(Err(panic))),
    }
    Accepted::Refused
}

impl<T: Transport, S: ServerHooks<T>> Clone for Acceptor<T, S> {
    fn clone(&self) -> Self {
        Acceptor::new(&self.shared, self.transport.clone())
    }
}

impl<T: Transport, S: ServerHooks<T>> fmt::Debug for Acceptor<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("back_off", &self.back_off).finish_non_exhaustive()
    }
}
