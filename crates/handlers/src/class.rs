//! How a handler type meets a server: Python's `RequestHandlerClass`.

use crate::{
    Buffers, Context, HandlerFactory, HandlerResult, ServerRef,
    error::{dropped, first_error},
    guarded,
};
use socketserver_net::{Connection, Request};
use std::marker::PhantomData;

/// Markers that keep the ways to write a handler apart. `bind` infers them; users never name one.
pub mod kind {
    /// Of [`BaseRequestHandler`](crate::BaseRequestHandler).
    #[derive(Debug)]
    pub enum Base {}
    /// Of [`StreamRequestHandler`](crate::StreamRequestHandler).
    #[derive(Debug)]
    pub enum Stream {}
    /// Of [`DatagramRequestHandler`](crate::DatagramRequestHandler).
    #[derive(Debug)]
    pub enum Datagram {}
    /// Of [`KeepAliveRequestHandler`](crate::KeepAliveRequestHandler).
    #[derive(Debug)]
    pub enum KeepAlive {}
}

/// "Can serve a request of type `R` on a server with state `S`". Implemented for every type that implements one of the handler
/// traits; not meant to be implemented otherwise.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot handle requests of type `{R}`",
    label = "not a handler for `{R}` on a server with state `{S}`",
    note = "for connections it must implement `StreamRequestHandler<{S}>` or `KeepAliveRequestHandler<{S}>`, for datagrams `DatagramRequestHandler<{S}>`, for anything `BaseRequestHandler<{R}, {S}>`",
    note = "if it does so for another state than `{S}`, the server must have that state: it is the last of the server's type parameters"
)]
pub trait RequestHandlerClass<R: Request, S, Kind>: Sized + 'static {
    /// Runs the whole life of this handler: setup, handle, finish. User code that panics gives an error.
    ///
    /// # Errors
    /// What the handler failed with.
    fn serve(
        &mut self,
        request: &mut R,
        client_address: &R::Address,
        server: ServerRef<'_, S>,
    ) -> HandlerResult;

    /// Gives a handler that is advanced one request at a time, if it is of a kind that can be; otherwise the handler back.
    ///
    /// # Errors
    /// The handler itself.
    fn into_session(
        self,
        _connection: Connection,
        _client_address: &R::Address,
    ) -> Result<Box<dyn HandlerSession<S>>, Self> {
        Err(self)
    }
}

/// What a session waits for, after a call that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// For its client: it is to be [advanced](HandlerSession::advance) when its connection is readable.
    Waits,
    /// For its turn: it has read more than it has served, and is to be advanced again whether or not anything arrives.
    HasMore,
    /// For nothing: it is to be [finished](HandlerSession::finish).
    Over,
}

/// A keep-alive connection with its handler, between two requests: what a reactor parks. It owns no buffers.
///
/// The buffers that its calls are given are the caller's, who lends them to one session after another. What one leaves in them another would take for its
/// own client's. So after a call that gives [`Progress::Waits`] or [`Progress::HasMore`] they must be empty: what was written has been sent, and what
/// was read too early is kept in the session, which puts it back when it is advanced. After [`Progress::Over`] and after an error they are the
/// session's until it has been finished; then the caller clears them.
pub trait HandlerSession<S>: Send {
    /// The connection, to wait on.
    fn connection(&self) -> &Connection;

    /// Prepares the connection: the handler's `setup`, whose greeting is sent. Waits for the client only if that does. It may read ahead, a
    /// handshake for instance, and get the first request with it, which is [`Progress::HasMore`]: nothing else may ever arrive. A second call does
    /// nothing.
    ///
    /// # Errors
    /// What the handler failed with; the session is over.
    fn setup(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult<Progress>;

    /// Serves the request that has begun to arrive, and those that have arrived behind it; before the first, the
    /// [`setup`](Self::setup). To be called when the connection is readable, or the session [has more](Progress::HasMore); otherwise it waits.
    ///
    /// # Errors
    /// What the handler failed with; the session is over.
    fn advance(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult<Progress>;

    /// Says goodbye to the client, because the server stops: the handler's `handle_shutdown`, if neither the client nor the handler has
    /// ended the session.
    ///
    /// # Errors
    /// What the handler failed with.
    fn handle_shutdown(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult;

    /// Ends the session: the handler's `finish`, if its `setup` has succeeded, and a flush of what is in the buffers.
    ///
    /// # Errors
    /// What the handler failed with.
    fn finish(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult;
}

/// A handler type without its type: what a server keeps, so that the mix-ins don't depend on it.
pub trait HandlerClass<R: Request, S>: Send + Sync {
    /// Makes a handler and runs it.
    ///
    /// # Errors
    /// What the handler failed with.
    fn serve(&self, request: &mut R, client_address: &R::Address, server: ServerRef<'_, S>) -> HandlerResult;

    /// Makes a handler that can be parked; `None` if its kind can't, or if it isn't about a connection.
    ///
    /// # Errors
    /// If making the handler panicked.
    fn session(
        &self,
        request: &mut R,
        client_address: &R::Address,
        server: ServerRef<'_, S>,
    ) -> HandlerResult<Option<Box<dyn HandlerSession<S>>>>;
}

/// Forgets the types of a handler and of what makes it.
pub fn erase<R, S, H, Kind, F>(factory: F) -> Box<dyn HandlerClass<R, S>>
where
    R: Request,
    S: 'static,
    H: RequestHandlerClass<R, S, Kind>,
    Kind: 'static,
    F: HandlerFactory<R, S, H>,
{
    Box::new(Erased { factory, types: PhantomData::<fn() -> (H, Kind)> })
}

struct Erased<H, Kind, F> {
    factory: F,
    types: PhantomData<fn() -> (H, Kind)>,
}

impl<R, S, H, Kind, F> HandlerClass<R, S> for Erased<H, Kind, F>
where
    R: Request,
    H: RequestHandlerClass<R, S, Kind>,
    F: HandlerFactory<R, S, H>,
{
    fn serve(&self, request: &mut R, client_address: &R::Address, server: ServerRef<'_, S>) -> HandlerResult {
        let made = guarded(|| Ok(self.factory.make(&Context { request, client_address, server })));
        let mut handler = made?;
        let served = guarded(|| handler.serve(request, client_address, server));
        // By itself: a panic in its drop, while another one unwinds, would end the process.
        first_error(served, dropped(handler))
    }

    fn session(
        &self,
        request: &mut R,
        client_address: &R::Address,
        server: ServerRef<'_, S>,
    ) -> HandlerResult<Option<Box<dyn HandlerSession<S>>>> {
        guarded(|| {
            let Some(connection) = request.connection() else { return Ok(None) };
            let handler = self.factory.make(&Context { request, client_address, server });
            Ok(handler.into_session(connection, client_address).ok())
        })
    }
}
