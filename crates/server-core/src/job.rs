//! A request on its way to where it is processed, and its end.

use crate::{
    FinishRequest, Outcome, PeerAddress, Refusal, ServerHooks, Session, Ticket, Transport,
    handshake::Begun,
    lingering::{Ending, Wish},
    nursery::Nursery,
    server::Shared,
};
use socketserver_handlers::{HandlerError, HandlerResult, RequestSpans, ServerControl, ServerRef, guarded};
use socketserver_net::{Deadline, Request};
use socketserver_sys::Child;
use std::{
    fmt,
    os::fd::AsFd,
    sync::Arc,
    time::{Duration, Instant},
};

/// A request that a mix-in has been given: to be [run](Job::run) here, on another thread, in a child process.
///
/// Whatever happens to it, its socket is closed once and its end is told once. A job that is dropped closes its request
/// without serving it.
pub struct Job<T: Transport, S: ServerHooks<T>> {
    /// Taken when the job ends.
    pub(crate) parts: Option<Parts<T>>,
    pub(crate) shared: Arc<Shared<T, S>>,
}

/// What is said to have panicked where a request was asked for its connection, or that for what is beneath.
pub(crate) const CONNECTION: &str = "connection";

pub(crate) struct Parts<T: Transport> {
    pub(crate) request: T::Request,
    pub(crate) peer: PeerAddress<T>,
    pub(crate) ticket: Ticket,
    /// While it is in its handshake.
    pub(crate) handshake: Option<Box<Begun>>,
    /// If a child is about to serve it: what it shares with its parent.
    nursery: Option<Arc<Nursery>>,
}

impl<T: Transport, S: ServerHooks<T>> Job<T, S> {
    pub(crate) fn new(
        shared: &Arc<Shared<T, S>>,
        request: T::Request,
        peer: PeerAddress<T>,
        holds_a_place: bool,
    ) -> Self {
        let connection = shared.core.hook(CONNECTION, || request.connection()).flatten();
        let ticket = Ticket::new(&shared.core, || peer.clone().into(), connection.as_ref(), holds_a_place);
        Job {
            parts: Some(Parts { request, peer, ticket, handshake: None, nursery: None }),
            shared: shared.clone(),
        }
    }

    /// One that is taken in only to be told that it can't be served.
    pub(crate) fn to_refuse(shared: &Arc<Shared<T, S>>, request: T::Request, peer: PeerAddress<T>) -> Self {
        let connection = shared.core.hook(CONNECTION, || request.connection()).flatten();
        let ticket = Ticket::to_refuse(&shared.core, || peer.clone().into(), connection.as_ref());
        let parts = Parts { request, peer, ticket, handshake: None, nursery: None };
        Job { parts: Some(parts), shared: shared.clone() }
    }

    /// The request.
    pub fn request(&self) -> &T::Request {
        &self.parts().request
    }

    /// Who it is from.
    pub fn client_address(&self) -> &PeerAddress<T> {
        &self.parts().peer
    }

    /// Serves the request, here and now: a [handshake](Request::handshake) is gone through, a handler is made and run, an error is reported, the
    /// request is closed. Never panics, whatever user code does.
    pub fn run(mut self) -> Outcome {
        let shared = self.shared.clone();
        let _inside = shared.core.enter();
        if let Err(error) = self.make_ready() {
            return self.end(Err(error));
        }
        if let Some(limit) = ServerControl::request_timeout(&*shared.core)
            && let Err(error) = self.end_after(limit)
        {
            return self.end(Err(error));
        }
        let Parts { request, peer, ticket, .. } = self.parts_mut();
        let span = ticket.span();
        let server = ServerRef::new(&*shared.state, &*shared.core)
            .with_spans(span.as_ref().map(|span| span as &dyn RequestSpans));
        let runs_as = shared.core.run_as(ticket.told());
        let result =
            guarded(|| shared.state.finish_request(FinishRequest::new(request, peer, &shared, server)));
        let outcome = shared.judge(&self.parts().peer, result);
        drop(runs_as); // before the end is told
        self.ended(outcome)
    }

    fn end_after(&self, limit: Duration) -> HandlerResult {
        guarded(|| {
            if let Some(connection) = self.request().connection() {
                let end = Instant::now().checked_add(limit);
                connection.set_deadline(end.map(|end| (end, Deadline::Request)));
            }
            Ok(())
        })
    }

    /// Reports that the request could not be run, and closes it. For a mix-in that can't start a thread, say.
    pub fn fail(self, error: impl Into<HandlerError>) -> Outcome {
        self.end(Err(error.into()))
    }

    /// Turns the client away: the `reject_because` hook may tell it why ([`QueueFull`](Refusal::QueueFull)), then it is closed. For a
    /// mix-in that has no room for it.
    pub fn reject(self) {
        self.reject_because(Refusal::QueueFull);
    }

    pub(crate) fn reject_because(mut self, reason: Refusal) {
        let shared = self.shared.clone();
        let parts = self.parts_mut();
        shared.core.hook("reject_request", || {
            shared.state.reject_because(&mut parts.request, &parts.peer, reason);
        });
        if at_once(reason) {
            shared.core.hook(CONNECTION, || discard_arrived(&parts.request));
        }
        self.refuse(reason);
    }

    /// Closes the request without telling the client, and keeps its place among those in progress: for a parent whose
    /// child serves it.
    pub fn close(mut self) -> Ticket {
        let mut parts = self.parts.take().expect("a job has its parts until it ends");
        parts.ticket.enlist(|| parts.peer.into());
        self.shared.core.hook("close_request", || self.shared.state.close_request(parts.request));
        parts.ticket
    }

    /// To be called before the fork of a child that shall serve it, so that the child can be told that the server stops, and its parent
    /// comes to know what passes there, what it is doing and how it ends.
    pub fn before_fork(&mut self) {
        let nursery = self.shared.core.nursery();
        let parts = self.parts_mut();
        parts.ticket.take_seat();
        parts.nursery = nursery;
    }

    /// Makes this process's copy of the server one of a forked child: the listening socket is closed, and shutting down is left
    /// to the parent. After [`before_fork`](Self::before_fork) the child sees that the server drains, and a wait for the next request of a keep-alive
    /// connection is ended then by SIGURG. Where the server is [ended by signals](crate::Server::shutdown_on_signals), SIGINT and SIGTERM are the
    /// parent's from now on: a terminal or a supervisor sends them to the child, too.
    pub fn enter_child(&mut self, child: &Child) {
        if self.shared.core.has_ear() {
            child.leave_end_to_parent();
        }
        let parts = self.parts_mut();
        let nursery = parts.nursery.take();
        if nursery.is_some() {
            child.end_waits_by_sigurg();
        }
        if let Some(seat) = parts.ticket.seat()
            && let Some(connection) = parts.request.connection()
            && let Some(socket) = connection.socket()
        {
            socket.show_in(seat.shown.clone());
        }
        self.shared.core.enter_child(nursery);
        self.shared.waiting_room.close_in_child::<T, S>(child);
        self.shared.lingering.close_in_child(child);
        self.shared.listening.try_with(|transport| {
            self.shared.core.hook("close_in_child", || transport.close_in_child(child));
        });
    }

    /// Emits what a mix-in has to say.
    pub fn emit(&self, event: &crate::Event<'_>) {
        self.shared.core.emit(event);
    }

    /// Whether the server has been told to stop, and this is one of those who waited in the backlog then.
    pub fn is_draining(&self) -> bool {
        self.shared.core.is_draining()
    }

    /// Turns a job of a keep-alive handler into a session that can wait without a thread.
    ///
    /// # Errors
    /// The job itself if its handler is of another kind, or couldn't be made (which is reported).
    pub fn into_session(self) -> Result<Session<T, S>, Option<Self>> {
        Session::new(self)
    }

    /// Not a datagram.
    pub(crate) fn is_connection(&self) -> bool {
        self.parts().ticket.is_connection()
    }

    /// It has entered the gate by now.
    pub(crate) fn take_place(&mut self) {
        self.parts_mut().ticket.take_place();
    }

    pub(crate) fn refuse(mut self, reason: Refusal) {
        self.parts_mut().ticket.refuse(reason);
    }

    pub(crate) fn parts(&self) -> &Parts<T> {
        self.parts.as_ref().expect("a job has its parts until it ends")
    }

    pub(crate) fn parts_mut(&mut self) -> &mut Parts<T> {
        self.parts.as_mut().expect("a job has its parts until it ends")
    }

    pub(crate) fn end(self, result: HandlerResult) -> Outcome {
        let outcome = self.shared.judge(&self.parts().peer, result);
        self.ended(outcome)
    }

    pub(crate) fn ended(mut self, outcome: Outcome) -> Outcome {
        if let Outcome::Refused(reason) = outcome {
            self.reject_because(reason);
            return outcome;
        }
        self.parts_mut().ticket.set_outcome(outcome);
        outcome // the rest is `drop`
    }
}

/// In a forked child: closes its copy of the descriptor of another's request. That stays open for as long as its client is served, or waits.
pub(crate) fn close_in_child(request: &impl Request, child: &Child) {
    // A panic must not end who has nothing to do with it.
    let _ = guarded(|| {
        if let Some(connection) = request.connection()
            && let Some(socket) = connection.socket()
        {
            child.close_inherited(socket.as_fd());
        }
        Ok(())
    });
}

/// Whether who is refused for this reason is closed at once, not looked after till it has finished: what it has is wanted, or the server is about to end.
fn at_once(reason: Refusal) -> bool {
    matches!(reason, Refusal::NoDescriptor | Refusal::Draining)
}

/// As much as a client may have said by then that is refused at once.
const SAID_BY_NOW: usize = 256 * 1024;

/// Throws away what a client who is refused has said by now: a socket that is closed with something unread in it resets the connection,
/// and the client may lose what it was told. Never waits.
fn discard_arrived(request: &impl Request) {
    let Some(connection) = request.connection() else { return };
    let Some(socket) = connection.socket() else { return };
    let _ = socket.discard(SAID_BY_NOW); // a client that has gone has nothing more to lose
}

impl<T: Transport, S: ServerHooks<T>> Shared<T, S> {
    /// What a result means; reports it if it is an error that somebody should hear of.
    pub(crate) fn judge(&self, peer: &PeerAddress<T>, result: HandlerResult) -> Outcome {
        let Err(error) = result else { return Outcome::Completed };
        let outcome = Outcome::of(&error);
        // A client that went away, or had nothing more to ask, is nobody's error; one that is refused is told.
        let is_error = !matches!(
            outcome,
            Outcome::Disconnected | Outcome::TimedOut(Deadline::Idle) | Outcome::Refused(_)
        );
        if is_error {
            self.core.hook("handle_error", || self.state.handle_error(peer, &error));
        }
        self.core.hook("drop of an error", || drop(error));
        outcome
    }
}

impl<T: Transport, S: ServerHooks<T>> Drop for Job<T, S> {
    fn drop(&mut self) {
        let Some(Parts { mut request, peer, mut ticket, handshake, .. }) = self.parts.take() else { return };
        drop(handshake); // it has a view of the connection, too
        if std::thread::panicking() {
            ticket.lost_to_panic(); // in a `process_request`, whose panic is an event
        }
        let shared = &self.shared;
        let wish = match ticket.refused() {
            Some(reason) if at_once(reason) => Wish::No,
            refused => {
                let wish = || Wish::of(&shared.core, request.connection().as_ref(), refused.is_some());
                shared.core.hook(CONNECTION, wish).unwrap_or(Wish::No)
            }
        };
        shared.core.hook("shutdown_request", || shared.state.shutdown_request(&mut request));
        Ending { request, peer, ticket, shared: shared.clone() }.begin(wish);
    }
}

impl<T: Transport, S: ServerHooks<T>> fmt::Debug for Job<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("client_address", &self.parts.as_ref().map(|it| &it.peer))
            .finish_non_exhaustive()
    }
}
