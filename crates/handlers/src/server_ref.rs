//! The server, as its handlers see it.

use crate::RequestSpans;
use socketserver_net::Address;
use std::{fmt, time::Duration};

/// What a handler may ask of its server, whatever the server's type. Implemented by servers.
pub trait ServerControl: Send + Sync {
    /// See [`ServerRef::is_draining`].
    fn is_draining(&self) -> bool;

    /// See [`ServerRef::shutdown`].
    fn request_shutdown(&self);

    /// See [`ServerRef::server_address`].
    fn server_address(&self) -> Address;

    /// How long one request may take; `None`, as provided, is for ever.
    fn request_timeout(&self) -> Option<Duration> {
        None
    }

    /// How long a keep-alive connection may be silent between two requests; `None`, as provided, is for ever.
    fn idle_timeout(&self) -> Option<Duration> {
        None
    }

    /// How long a handshake may take; `None`, as provided, is for ever.
    fn handshake_timeout(&self) -> Option<Duration> {
        None
    }

    /// Counts one more handshake, if there may be one more: who gets `true` says [`end_handshake`](Self::end_handshake) when it is over. As provided
    /// there is no limit, and nothing is counted.
    fn begin_handshake(&self) -> bool {
        true
    }

    /// See [`begin_handshake`](Self::begin_handshake).
    fn end_handshake(&self) {}
}

/// The server that a handler runs under: `self.server` in Python, `cx.server` here.
///
/// ```
/// use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use std::{io::Write, sync::atomic::{AtomicU64, Ordering}};
///
/// struct Visitors(AtomicU64);                             // the server's state
///
/// #[derive(Default)]
/// struct Count;
/// impl StreamRequestHandler<Visitors> for Count {
///     fn handle(&mut self, cx: &mut StreamContext<'_, Visitors>) -> HandlerResult {
///         let n = cx.server.state().0.fetch_add(1, Ordering::Relaxed);
///         writeln!(cx.wfile, "you are number {n}")?;
///         Ok(())
///     }
/// }
/// ```
pub struct ServerRef<'a, S> {
    state: &'a S,
    pub(crate) control: &'a dyn ServerControl,
    spans: Option<&'a dyn RequestSpans>,
}

impl<'a, S> ServerRef<'a, S> {
    /// What servers give to handlers.
    pub fn new(state: &'a S, control: &'a dyn ServerControl) -> Self {
        Self { state, control, spans: None }
    }

    /// With whom hears of each request of this handler's connection; nobody, as [made](Self::new).
    pub fn with_spans(self, spans: Option<&'a dyn RequestSpans>) -> Self {
        Self { spans, ..self }
    }

    /// The state that all handlers of the server share. Python: attributes of the server object.
    pub fn state(&self) -> &'a S {
        self.state
    }

    /// Whether the server has been told to stop. A handler that serves one request after another should finish the
    /// one at hand and end.
    pub fn is_draining(&self) -> bool {
        self.control.is_draining()
    }

    /// Asks the server to stop serving, and returns at once. In Python this deadlocks when it is called from the serving
    /// thread; here it doesn't, since a handler only asks.
    pub fn shutdown(&self) {
        self.control.request_shutdown()
    }

    /// The address that the server listens on.
    pub fn server_address(&self) -> Address {
        self.control.server_address()
    }

    pub(crate) fn request_timeout(&self) -> Option<Duration> {
        self.control.request_timeout()
    }

    pub(crate) fn spans(&self) -> Option<&'a dyn RequestSpans> {
        self.spans
    }

    pub(crate) fn idle_timeout(&self) -> Option<Duration> {
        self.control.idle_timeout()
    }
}

impl<S> Clone for ServerRef<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for ServerRef<'_, S> {}

impl<S> fmt::Debug for ServerRef<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerRef").field("draining", &self.is_draining()).finish_non_exhaustive()
    }
}
