//! A keep-alive connection between two requests, with all that belongs to it.

use crate::{Job, Outcome, ServerHooks, Transport, kept::Kept, server::Shared};
use socketserver_handlers::{
    self as handlers, Buffers, HandlerResult, Progress, RequestSpans, ServerControl, ServerRef, dropped,
    first_error, guarded,
};
use socketserver_net::Connection;
use std::{fmt, time::Duration};

/// What a mix-in can park: the connection, its handler, and its place among the requests in progress; no thread, no buffers.
pub struct Session<T: Transport, S: ServerHooks<T>> {
    handler: Kept<Box<dyn handlers::HandlerSession<S>>>,
    job: Job<T, S>,
}

impl<T: Transport, S: ServerHooks<T>> Session<T, S> {
    pub(crate) fn new(mut job: Job<T, S>) -> Result<Self, Option<Job<T, S>>> {
        let shared = job.shared.clone();
        let _inside = shared.core.enter();
        if let Err(error) = job.make_ready() {
            job.end(Err(error));
            return Err(None);
        }
        let server = ServerRef::new(&*shared.state, &*shared.core);
        let parts = job.parts_mut();
        match shared.class.session(&mut parts.request, &parts.peer, server) {
            Ok(Some(handler)) => Ok(Session { handler: Kept::new(handler), job }),
            Ok(None) => Err(Some(job)),
            Err(error) => {
                job.end(Err(error));
                Err(None)
            }
        }
    }

    /// The connection, to wait on.
    pub fn connection(&self) -> &Connection {
        self.handler.connection()
    }

    /// How long the connection may be silent between two requests: the server's `idle_timeout`.
    pub fn idle_timeout(&self) -> Option<Duration> {
        ServerControl::idle_timeout(&*self.job.shared.core)
    }

    /// Whether the server has been told to stop: a session that has nothing in progress should be closed then.
    pub fn is_draining(&self) -> bool {
        self.job.shared.core.is_draining()
    }

    /// Does what comes before the first request: the handler's `setup`, which may greet the client. Waits for the
    /// client only if that does. [`advance`](Self::advance) does it too, if it wasn't done. It may have read the first request with what it asked
    /// for ([`Progress::HasMore`]): then the session is to be advanced, since nothing else may ever arrive. Whatever it gives, the buffers
    /// may be lent to another session; after an error, when this one is closed.
    ///
    /// # Errors
    /// What the handler failed with; the session is over, and to be [closed](Self::close) with the same buffers.
    pub fn setup(&mut self, buffers: &mut Buffers) -> HandlerResult<Progress> {
        let Session { handler, job } = self;
        let Shared { core, state, .. } = &*job.shared;
        let _inside = core.enter();
        let _runs_as = core.run_as(job.parts().ticket.told());
        let server = ServerRef::new(&**state, &**core);
        leaves_nothing(buffers, |buffers| guarded(|| handler.setup(server, buffers)))
    }

    /// Serves what has arrived. To be called when the connection is readable, or the session [has more](Progress::HasMore) to do; otherwise it waits.
    /// If it is [over](Progress::Over), it is to be [closed](Self::close) with the same buffers; otherwise these may be lent to another session.
    ///
    /// # Errors
    /// What the handler failed with; the session is over, and to be [closed](Self::close) with the same buffers.
    pub fn advance(&mut self, buffers: &mut Buffers) -> HandlerResult<Progress> {
        let Session { handler, job } = self;
        let Shared { core, state, .. } = &*job.shared;
        let _inside = core.enter();
        let ticket = &job.parts().ticket;
        let _runs_as = core.run_as(ticket.told());
        let span = ticket.span();
        let server =
            ServerRef::new(&**state, &**core).with_spans(span.as_ref().map(|it| it as &dyn RequestSpans));
        // The handler's own calls are guarded; a wire or an error of the user's own may panic too.
        leaves_nothing(buffers, |buffers| guarded(|| handler.advance(server, buffers)))
    }

    /// Ends a session with its `result`: what [`advance`](Self::advance) failed with, that it was idle for too long, or `Ok`, which is also for
    /// one that is closed because the server stops; if neither its client nor its handler has ended it, the handler's `handle_shutdown` may say
    /// goodbye then. The handler's `finish` is called, the connection closed, the end told.
    pub fn close(self, result: HandlerResult, buffers: &mut Buffers) -> Outcome {
        let Session { handler, job } = self;
        let mut handler = handler.into_inner();
        let shared = job.shared.clone();
        let _inside = shared.core.enter();
        let runs_as = shared.core.run_as(job.parts().ticket.told());
        let server = ServerRef::new(&*shared.state, &*shared.core);
        let finished = guarded(|| {
            let result = result.and_then(|()| handler.handle_shutdown(server, buffers));
            let finished = handler.finish(server, buffers);
            first_error(result, finished)
        });
        // Before the connection is closed, so that a view the handler kept doesn't count as shared; and by itself, since a panic while another
        // one unwinds would end the process.
        let dropped = dropped(handler);
        buffers.clear();
        let outcome = shared.judge(&job.parts().peer, first_error(finished, dropped));
        drop(runs_as); // before the end is told
        job.ended(outcome)
    }
}

/// The session goes on, and others get the buffers meanwhile. It has emptied them itself; one client must never see another's bytes, so that isn't left
/// to it. What has failed has something to flush yet: [`close`](Session::close) clears them then.
fn leaves_nothing(
    buffers: &mut Buffers,
    run: impl FnOnce(&mut Buffers) -> HandlerResult<Progress>,
) -> HandlerResult<Progress> {
    let progress = run(buffers)?;
    if progress != Progress::Over {
        buffers.clear();
    }
    Ok(progress)
}

impl<T: Transport, S: ServerHooks<T>> fmt::Debug for Session<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("job", &self.job).finish_non_exhaustive()
    }
}
