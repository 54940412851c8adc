//! Serving: for ever or one request, and what is left to do when a loop has ended.

use super::Server;
use crate::{
    Acceptor, Backlog, MixIn, ServerError, ServerHooks, Transport, acceptor::Accepted, backlog, handle::GRACE,
};
use std::{
    process,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Instant,
};

/// What [`handle_request`](Server::handle_request) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Handled {
    /// It took in a request, which was served, handed to the mix-in, or turned away.
    Request,
    /// The server's `timeout` passed; `handle_timeout` was called.
    TimedOut,
    /// A shutdown came.
    Stopped,
}

impl<T: Transport, H, M: MixIn, S: ServerHooks<T>> Server<T, H, M, S> {
    /// Serves until [`shutdown`](Self::shutdown), or an end by a [`Handle`](crate::Handle). It can be called again afterwards.
    ///
    /// If a shutdown was asked for before the first call, this returns at once: it doesn't matter which of two threads,
    /// the one that serves and the one that shuts down, comes first.
    ///
    /// # Errors
    /// [`ServerError::Accept`] if the listening socket has become unusable; what clients do, or handlers, ends nothing here.
    /// [`ServerError::AlreadyServing`]; [`ServerError::Closed`].
    pub fn serve_forever(&self) -> Result<(), ServerError> {
        let core = &self.shared.core;
        let transport = self.listening.listening.get().ok_or(ServerError::Closed)?;
        let _inside = core.enter(); // first in, last out: an observer of the beginning or the end may shut down too
        let Some(serving) = core.begin_serving()? else { return Ok(()) };
        self.listening.owner.store(process::id(), SeqCst);
        let tended = self.shared.lingering.open(core);
        let served = self.mixin.serve(Acceptor::new(&self.shared, transport.clone()));
        drop(tended);
        if let [_] = &self.listening.listening.all()[..] {
            backlog::refuse_prefetched(&self.shared, &transport); // of several sockets, each is somebody else's
        }
        core.hook("server_close", || self.end_backlog(transport)); // a transport of the user's own may be dropped here
        self.shared.waiting_room.clear::<T, S>();
        if let Some(until) = core.drain_until() {
            self.drain(until);
        }
        serving.end(&served);
        served
    }

    /// Those who are still in the backlog, and whom nobody is going to serve, have been turned away.
    fn end_backlog(&self, transport: Arc<T>) {
        let core = &self.shared.core;
        let is_late = core.drain_until().is_some_and(|until| Instant::now() >= until);
        if core.at_stop.choice == Backlog::Serve
            && is_late
            && core.at_stop.has_left(|| core.backlog_of(&*transport))
        {
            let waiting = core.backlog_of(&*transport).unwrap_or(core.at_stop.most);
            backlog::refuse(&self.shared, &transport, waiting);
        }
        // It was closed by a handler, or another thread, that left the rest to us.
        if core.is_closed()
            && let Some(transport) = Arc::into_inner(transport)
            && self.listening.may_refuse(&transport)
        {
            (self.listening.refuse)(&transport);
        }
    }

    /// Waits for requests in progress, and ends by force what overstays: whoever asked for the shutdown may be doing the same, but
    /// a signal has nobody to wait.
    fn drain(&self, until: Instant) {
        let core = &self.shared.core;
        for patience in [until + GRACE / 4, until + GRACE] {
            core.hook("drain", || MixIn::drain(&*self.mixin, patience));
            if core.wait_until_drained(patience) && core.wait_for(patience, |requests| requests == 0) {
                return;
            }
            core.force();
        }
    }

    /// Serves one request, waiting for it at most the server's `timeout`; if that passes, calls `handle_timeout`.
    ///
    /// Where the mix-in runs requests elsewhere, this returns when the request is on its way.
    ///
    /// # Errors
    /// As [`serve_forever`](Self::serve_forever).
    pub fn handle_request(&self) -> Result<Handled, ServerError> {
        let core = &self.shared.core;
        let transport = self.listening.listening.get().ok_or(ServerError::Closed)?;
        let _handling = core.begin_handling()?;
        let _inside = core.enter();
        let mut acceptor = Acceptor::for_one(&self.shared, transport);
        let until = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        // Children that ended since the last call are forgotten now; nothing else would, in a loop of these calls.
        core.hook("service_actions", || self.mixin.service_actions());
        match acceptor.accept(&*self.mixin, until)? {
            Accepted::Job(job) => acceptor.process_request(job, &*self.mixin),
            Accepted::Refused => {}
            Accepted::Stopped => return Ok(Handled::Stopped),
            Accepted::TimedOut => {
                core.hook("handle_timeout", || self.shared.state.handle_timeout());
                return Ok(Handled::TimedOut);
            }
        }
        Ok(Handled::Request)
    }
}
