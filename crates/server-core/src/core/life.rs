//! The life of a server: fresh, serving, stopped, and what changes that.

use super::Core;
use crate::{Event, ServerError};
use std::{
    sync::atomic::Ordering::{Relaxed, SeqCst},
    time::Instant,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Never served. A shutdown is remembered, for a thread that is about to serve.
    Fresh,
    Serving,
    /// Served before. A shutdown has nothing to stop.
    Stopped,
}

#[derive(Debug)]
pub(super) struct Life {
    pub(super) phase: Phase,
    /// How often serving has begun.
    pub(super) runs: u64,
    /// Threads inside `handle_request`.
    pub(super) handling: usize,
    pub(super) closed: bool,
    pub(super) drain_until: Option<Instant>,
}

/// Tells one `serve_forever` from the next, so that who waits for the end of one isn't held up by the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run(u64);

impl Life {
    pub(super) const FRESH: Life =
        Life { phase: Phase::Fresh, runs: 0, handling: 0, closed: false, drain_until: None };

    pub(super) fn is_serving(&self, run: Run) -> bool {
        self.phase == Phase::Serving && self.runs == run.0
    }
}

impl Core {
    pub(crate) fn is_serving(&self) -> bool {
        self.life.lock().phase == Phase::Serving
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Relaxed)
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
        self.at_stop.forget();
        self.has_told_state.store(false, Relaxed);
        self.set_draining(false);
        drop(life);
        self.end_waits(false);
        self.emit(&Event::Serving { address: &self.address });
        Ok(Some(Serving { core: self, since: Instant::now(), is_told: false }))
    }

    /// Begins a `handle_request`. A shutdown that comes meanwhile ends it, and only it.
    pub(crate) fn begin_handling(&self) -> Result<Handling<'_>, ServerError> {
        let mut life = self.life.lock();
        if life.closed {
            return Err(ServerError::Closed);
        }
        life.handling += 1;
        let goes_on = !self.stop.load(Relaxed);
        if goes_on {
            self.set_draining(false);
        }
        drop(life);
        if goes_on {
            self.end_waits(false);
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
            self.drain_worker();
            return Run(0);
        }
        let mut life = self.life.lock();
        self.set_draining(true);
        life.drain_until = drain_until.or(life.drain_until);
        // Where nothing is running, and something was, there is nothing to stop: the next `serve_forever` must serve.
        if life.phase != Phase::Stopped || life.handling > 0 {
            self.stop.store(true, Relaxed);
            self.waker.wake_all();
        }
        let run = Run(life.runs);
        drop(life);
        self.registry.close_idle(); // those who begin to wait from now on see that the server stops
        run
    }

    pub(super) fn set_draining(&self, is_draining: bool) {
        self.draining.store(is_draining, SeqCst);
        if let Some(nursery) = &*self.nursery.lock() {
            nursery.set_draining(is_draining);
        }
    }

    /// Whether the state hasn't been told of this end yet.
    pub(crate) fn must_tell_state(&self) -> bool {
        !self.has_told_state.swap(true, SeqCst)
    }

    /// How long requests in progress may still take, if the shutdown said so.
    pub(crate) fn drain_until(&self) -> Option<Instant> {
        if let Some(worker) = self.worker.get() {
            return worker.drain_until();
        }
        self.life.lock().drain_until
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.life.lock().closed
    }

    /// No serving from now on.
    pub(crate) fn close(&self) {
        self.life.lock().closed = true;
        self.request_stop(None);
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

/// In `serve_forever`; out of it when dropped.
pub(crate) struct Serving<'a> {
    core: &'a Core,
    since: Instant,
    /// The end has been told.
    is_told: bool,
}

impl Serving<'_> {
    /// Serving has ended so.
    pub(crate) fn end(mut self, served: &Result<(), ServerError>) {
        self.tell(served.as_ref().err());
    }

    fn tell(&mut self, error: Option<&ServerError>) {
        if !std::mem::replace(&mut self.is_told, true) {
            let (address, duration) = (&self.core.address, self.since.elapsed());
            self.core.emit(&Event::Stopped { address, duration, error, stats: &self.core.stats() });
        }
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.tell(None);
        self.core.end(|life| life.phase = Phase::Stopped);
    }
}

/// In `handle_request`; out of it when dropped.
pub(crate) struct Handling<'a>(&'a Core);

impl Drop for Handling<'_> {
    fn drop(&mut self) {
        self.0.end(|life| life.handling -= 1);
    }
}
