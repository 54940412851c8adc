//! A keep-alive connection between two requests, with all that belongs to it.

use crate::{Job, Outcome, ServerHooks, Transport};
use socketserver_handlers::{self as handlers, Buffers, HandlerResult, KeepAlive, ServerRef};
use socketserver_net::Connection;
use std::fmt;

/// What a mix-in can park: the connection, its handler, and its place among the requests in progress; no thread, no buffers.
pub struct Session<T: Transport, S: ServerHooks<T>> {
    handler: Box<dyn handlers::HandlerSession<S>>,
    job: Job<T, S>,
}

impl<T: Transport, S: ServerHooks<T>> Session<T, S> {
    pub(crate) fn new(mut job: Job<T, S>) -> Result<Self, Option<Job<T, S>>> {
        let shared = job.shared.clone();
        let server = ServerRef::new(&shared.state, &*shared.core);
        let parts = job.parts_mut();
        match shared.class.session(&mut parts.request, &parts.peer, server) {
            Ok(Some(handler)) => Ok(Session { handler, job }),
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

    /// Serves what has arrived. To be called when the connection is readable. Gives the session back if it goes on; otherwise it
    /// has ended, with all that belongs to an end, and this says how.
    ///
    /// # Errors
    /// The end of the session, which need not be a failure.
    pub fn advance(mut self, buffers: &mut Buffers) -> Result<Self, Outcome> {
        let shared = self.job.shared.clone();
        let _inside = shared.core.enter();
        let server = ServerRef::new(&shared.state, &*shared.core);
        match self.handler.advance(server, buffers) {
            Ok(KeepAlive::Yes) => Ok(self),
            result => Err(self.end(result.map(drop), buffers)),
        }
    }

    /// Ends a session that has nothing in progress: it was idle for too long, or the server is closing.
    pub fn close(self, outcome: HandlerResult, buffers: &mut Buffers) -> Outcome {
        self.end(outcome, buffers)
    }

    fn end(mut self, result: HandlerResult, buffers: &mut Buffers) -> Outcome {
        let shared = self.job.shared.clone();
        let server = ServerRef::new(&shared.state, &*shared.core);
        let finished = self.handler.finish(server, buffers);
        buffers.clear();
        drop(self.handler); // before the connection is closed, so that a view the handler kept doesn't count as shared
        self.job.end(result.and(finished))
    }
}

impl<T: Transport, S: ServerHooks<T>> fmt::Debug for Session<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("job", &self.job).finish_non_exhaustive()
    }
}
