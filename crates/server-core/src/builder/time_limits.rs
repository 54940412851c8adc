//! How long things may take, and how often the loop looks around.

use super::ServerBuilder;
use crate::Linger;
use std::time::Duration;

impl<T, H, M, S, F, FromM, FromS> ServerBuilder<T, H, M, S, F, FromM, FromS> {
    /// How long a read may wait, of each connection whose handler says nothing else by its own `read_timeout` or `timeout`. Default: for ever.
    ///
    /// Of the limits on a connection's time the nearest one counts, and the error says which it was
    /// ([`TimedOut`](socketserver_net::TimedOut)):
    ///
    /// | limit | begins with | a client that meets it |
    /// |---|---|---|
    /// | `read_timeout` | each read, again when something came | says nothing |
    /// | [`write_timeout`](Self::write_timeout) | each write, once for all its bytes | doesn't take what it is sent, or too slowly |
    /// | [`handshake_timeout`](Self::handshake_timeout) | the handshake, if there is one | doesn't get through it |
    /// | [`idle_timeout`](Self::idle_timeout) | the end of a keep-alive request | has nothing more to ask: no error |
    /// | [`request_timeout`](Self::request_timeout) | a keep-alive request, else the connection | takes a byte at a time |
    ///
    /// What the server writes doesn't prolong a read, nor what it reads a write. They cost no system call. They hold on sockets; a wire
    /// without one has no time limits.
    ///
    /// ```
    /// use socketserver_core::TcpServer;
    /// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
    /// use std::time::Duration;
    /// # #[derive(Default)] struct Upper;
    /// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
    /// let server = TcpServer::<Upper>::builder()
    ///     .read_timeout(Duration::from_secs(60))
    ///     .write_timeout(Duration::from_secs(10))
    ///     .request_timeout(Duration::from_secs(600))
    ///     .bind("127.0.0.1:0")?;
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn read_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.time_limits.read = limit.into();
        self
    }

    /// How long a write may take, all of it, of each connection whose handler says nothing else by its own `write_timeout` or `timeout`.
    /// Default: for ever. See [`read_timeout`](Self::read_timeout).
    ///
    /// Of datagrams: how long a reply may wait for room, which over a Unix socket is for a client that doesn't read. Default: 50 ms over Unix
    /// sockets, a second over UDP, since all clients share one socket (Python: for ever). A client that has let a reply wait in vain is not
    /// waited for again before it has taken one.
    pub fn write_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.time_limits.write = limit.into();
        self
    }

    /// How long a handshake may take: that of the transport (TLS, a PROXY header), and that which a handler does itself by `cx.handshake`. Default: 5
    /// seconds. Costs nothing where there is none.
    pub fn handshake_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.time_limits.handshake = limit.into();
        self
    }

    /// How long a request may take, however many reads and writes it is made of: of a keep-alive handler each request, its `setup`,
    /// and what is said at the end; of a datagram, how long its reply may wait; else the whole connection. Default: for ever. Holds on sockets; a
    /// wire without one has no time limits.
    pub fn request_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.time_limits.request = limit.into();
        self
    }

    /// How long a keep-alive connection may be silent between two requests. Default: for ever.
    pub fn idle_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.time_limits.idle = limit.into();
        self
    }

    /// How long what a client still sends is read on when the server is done with it, so that its reply arrives: see [`Linger`]. Default: up to 5 s, where it
    /// is likely that there is something (Python: never). `None` is never. No effect on datagrams, and without a socket beneath.
    pub fn linger(mut self, linger: impl Into<Linger>) -> Self {
        self.options.linger = linger.into();
        self
    }

    /// How long `handle_request` waits for a request. Default: for ever. No effect on `serve_forever`, as in Python.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.timeout = limit.into();
        self
    }

    /// How often `service_actions` is called while no requests come. Default: every 500 ms; `None` is never. A shutdown doesn't
    /// wait for it. Python: an argument of `serve_forever`.
    pub fn poll_interval(mut self, every: impl Into<Option<Duration>>) -> Self {
        self.options.poll_interval = every.into();
        self
    }
}
