//! What a shard keeps of a connection, without its types: a job until its handler is made, a session from then on.

use socketserver_core::{Job, ServerHooks, Session, Transport};
use socketserver_handlers::{Buffers, HandlerResult, Progress, guarded};
use socketserver_net::{Connection, Deadline, FirstWord, Request, Socket};
use std::{io, time::Duration};

/// What comes after a worker has looked at a guest.
pub(super) enum Step {
    /// It waits for its client.
    Park,
    /// It has read more than it has served, and waits for its turn.
    Queue,
    /// It is to be [ended](Guest::end) with this.
    End(HandlerResult),
    /// It has ended already.
    Over,
}

/// A connection and its handler.
pub(super) trait Guest: Send {
    /// Does what comes before all requests. Runs user code; doesn't panic.
    fn start(&mut self, buffers: &mut Buffers) -> Step;

    /// Serves what has arrived. Runs user code; doesn't panic.
    fn advance(&mut self, buffers: &mut Buffers) -> Step;

    /// How long it may be silent from now on, and what it is then called.
    fn patience(&self) -> Option<(Duration, Deadline)>;

    /// Whether something has arrived on its connection.
    fn has_arrived(&self) -> bool;

    /// Whether its server has been told to stop.
    fn is_draining(&self) -> bool;

    /// Closes it. Runs user code; doesn't panic.
    fn end(self: Box<Self>, result: HandlerResult, buffers: &mut Buffers);

    /// Closes one that has not been started, and can't be.
    fn refuse(self: Box<Self>, error: io::Error);
}

pub(super) enum Visit<T: Transport, S: ServerHooks<T>> {
    /// No user code has been run for it: that is done by a worker, not in the accept loop.
    New(Job<T, S>),
    Open(Session<T, S>),
    Over,
}

impl<T: Transport, S: ServerHooks<T>> Visit<T, S> {
    /// Goes through the handshake, if there is one, and makes the handler.
    fn open(&mut self) {
        if let Visit::New(job) = std::mem::replace(self, Visit::Over) {
            match guarded(|| Ok(job.into_session())) {
                Ok(Ok(session)) => *self = Visit::Open(session),
                // Not of a kind that can wait. The types rule it out; if it comes to that, it is served all the same.
                Ok(Err(Some(job))) => drop(job.run()),
                // The handler couldn't be made, which has been told; or the request itself panicked, and is closed.
                Ok(Err(None)) | Err(_) => {}
            }
        }
    }

    fn set_up(&mut self, buffers: &mut Buffers) -> Step {
        self.open();
        let Visit::Open(session) = self else { return Step::Over };
        match session.setup(buffers) {
            Ok(Progress::Waits) => Step::Park,
            Ok(Progress::HasMore) => self.advance(buffers), // the first request came with what `setup` asked for
            ended => Step::End(ended.map(drop)),
        }
    }
}

impl<T: Transport, S: ServerHooks<T>> Guest for Visit<T, S> {
    fn start(&mut self, buffers: &mut Buffers) -> Step {
        if let Visit::New(job) = self {
            match job.begin_handshake() {
                Ok(Some(FirstWord::FromClient)) => return Step::Park, // nobody has to wait for it
                Ok(_) => {}
                Err(error) => return Step::End(Err(error)),
            }
        }
        self.set_up(buffers)
    }

    fn advance(&mut self, buffers: &mut Buffers) -> Step {
        if let Visit::New(_) = self {
            return self.set_up(buffers); // it has said the first word of its handshake
        }
        let Visit::Open(session) = self else { return Step::Over };
        match session.advance(buffers) {
            Ok(Progress::Waits) => Step::Park,
            Ok(Progress::HasMore) => Step::Queue,
            ended => Step::End(ended.map(drop)),
        }
    }

    fn patience(&self) -> Option<(Duration, Deadline)> {
        let session = match self {
            Visit::New(job) => return job.handshake_timeout().map(|limit| (limit, Deadline::Handshake)),
            Visit::Open(session) => session,
            Visit::Over => return None,
        };
        let idle = session.idle_timeout().map(|limit| (limit, Deadline::Idle));
        // Where a thread waits for the next request, the handler's own `timeout` ends the wait too. Zero is non-blocking
        // mode, which is about the handler's own calls.
        let read = session.connection().gettimeout().filter(|limit| !limit.is_zero());
        let read = read.map(|limit| (limit, Deadline::Read));
        idle.into_iter().chain(read).min_by_key(|(limit, _)| *limit)
    }

    fn has_arrived(&self) -> bool {
        let looks = |connection: &Connection| connection.socket().is_some_and(Socket::has_arrived);
        match self {
            Visit::New(job) => job.request().connection().as_ref().is_some_and(looks),
            Visit::Open(session) => looks(session.connection()),
            Visit::Over => false,
        }
    }

    fn is_draining(&self) -> bool {
        matches!(self, Visit::Open(session) if session.is_draining())
    }

    fn end(self: Box<Self>, result: HandlerResult, buffers: &mut Buffers) {
        match *self {
            Visit::Open(session) => drop(session.close(result, buffers)),
            Visit::New(job) => match result {
                Ok(()) => drop(job),
                Err(error) => drop(job.fail(error)),
            },
            Visit::Over => {}
        }
    }

    fn refuse(self: Box<Self>, error: io::Error) {
        if let Visit::New(job) = *self {
            job.fail(format!("no place for this connection: {error}"));
        }
    }
}
