//! What a mix-in does by an acceptor besides accepting: hands requests on, does what is due, tells of things, asks for the end.

use super::{Acceptor, Role};
use crate::{Event, Job, MixIn, ServerError, ServerHooks, Transport, server::Shared};
use socketserver_handlers::ServerControl;
use std::{
    io,
    time::{Duration, Instant},
};

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// Hands a request to the mix-in, through the state's hook.
    pub fn process_request<M: MixIn>(&self, job: Job<T, S>, mixin: &M) {
        let Shared { core, state, .. } = &*self.shared;
        self.outside(|| core.hook("process_request", || state.process_request(job, mixin)));
    }

    /// The loop of a worker process that is in a request, because the mix-in runs them there, can't come round before that ends.
    fn outside<R>(&self, code: impl FnOnce() -> R) -> R {
        let Some(worker) = self.shared.core.worker().filter(|_| self.role == Role::Loop) else {
            return code();
        };
        worker.slot.set_in_request(true);
        if worker.is_spent(self.shared.core.counters.accepted_so_far()) {
            worker.nudge.ring(); // this was the last
        }
        let result = code();
        worker.slot.set_in_request(false);
        result
    }

    /// What is due after each request.
    pub fn service_actions<M: MixIn>(&self, mixin: &M) {
        let Shared { core, state, .. } = &*self.shared;
        core.hook("service_actions", || {
            mixin.service_actions();
            state.service_actions();
        });
    }

    /// Tells the observer what a mix-in has to say.
    pub fn emit(&self, event: &Event<'_>) {
        self.shared.core.emit(event);
    }

    /// Ends the loop, for a mix-in of which one thread can't go on: all acceptors say that it is over. Does nothing if it ends already.
    pub fn stop(&self) {
        let core = &self.shared.core;
        if !core.is_stopping() {
            core.stop_here(core.drain_until());
        }
    }

    /// What [`accept`](Self::accept) would have failed with, for a mix-in that has learned otherwise that the listening socket is unusable.
    pub fn unusable(&self, source: io::Error) -> ServerError {
        ServerError::Accept { address: self.shared.core.address.to_string(), source }
    }

    /// Hears what the loop hears, such as the signals of a server whose mix-in forks, for a mix-in that waits without the loop.
    pub fn listen(&self) {
        self.shared.core.listen();
    }

    /// Asks the server to stop, as [`Handle`](crate::Handle) does; requests in progress may go on for `grace`, if that is given.
    pub fn request_shutdown(&self, grace: Option<Duration>) {
        self.shared.core.request_stop(grace.and_then(|grace| Instant::now().checked_add(grace)));
    }

    /// Whether connections that have nothing in progress are to be closed. Not in a worker process that has just been replaced: who has come by then and
    /// hasn't asked yet is waited for; [`MixIn::drain`] is called when that is over.
    pub fn is_draining(&self) -> bool {
        self.shared.core.is_draining()
    }

    /// When requests in progress must have ended, if the shutdown that was asked for has a deadline.
    pub fn drain_until(&self) -> Option<Instant> {
        self.shared.core.drain_until()
    }
}
