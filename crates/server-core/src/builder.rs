//! What can be said of a server before it exists.

mod accepting;
mod time_limits;

use crate::{
    AddressFamily, Backlog, Bind, BindOptions, Limit, Linger, LogObserver, MixIn, Observer, Runs, Server,
    ServerError, ServerHooks, Transport,
    core::{Core, CoreOptions},
    time_limits::TimeLimits,
};
use socket2::SockRef;
use socketserver_handlers::{ByDefault, Context, FromFn, HandlerFactory, RequestHandlerClass, erase};
use std::{fmt, io, marker::PhantomData, sync::Arc, time::Duration};

/// Sets up a [`Server`]. Each setter has Python's name where Python has one; what isn't said has the default that the setter's
/// documentation gives.
///
/// ```
/// use socketserver_core::{Limit, Sequential, ServerHooks, Tcp, TcpServer};
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use std::time::Duration;
///
/// struct Greeting(String);
/// impl ServerHooks<Tcp> for Greeting {}
/// # #[derive(Default)] struct Greet;
/// # impl StreamRequestHandler<Greeting> for Greet { fn handle(&mut self, _: &mut StreamContext<'_, Greeting>) -> HandlerResult { Ok(()) } }
///
/// let server = TcpServer::<Greet, Sequential, Greeting>::builder()
///     .state(Greeting("hello".into()))
///     .request_queue_size(1024)
///     .max_connections(Limit::backlog(10_000))
///     .request_timeout(Duration::from_secs(30))
///     .bind("127.0.0.1:0")?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[must_use = "a builder does nothing until `bind`"]
pub struct ServerBuilder<T, H, M, S, F = ByDefault, FromM = ByDefault, FromS = ByDefault> {
    options: Options,
    factory: F,
    mixin: FromM,
    state: FromS,
    types: Types<T, H, M, S>,
}

/// Type parameters of a builder that has no values of them.
type Types<T, H, M, S> = PhantomData<fn() -> (T, H, M, S)>;

/// What doesn't depend on types.
struct Options {
    bind: BindOptions,
    request_queue_size: i32,
    max_connections: Option<Limit>,
    max_per_peer: Option<usize>,
    alarm_at: Option<usize>,
    alarm_cool_down: Duration,
    observer: Box<dyn Observer>,
    poll_interval: Option<Duration>,
    timeout: Option<Duration>,
    linger: Linger,
    time_limits: TimeLimits,
    max_handshakes: Option<usize>,
    reserve_descriptor: bool,
    backlog: Backlog,
}

/// Where a builder has a state, or a mix-in, from: [`Given`], or [`Default`].
#[diagnostic::on_unimplemented(
    message = "the server has no `{V}`, and can't make one",
    label = "there is no way to make a `{V}`",
    note = "implement `Default` for `{V}`, or give the server one: `builder().state(..).bind(..)`, or `.mixin(..)` if it is a mix-in"
)]
pub trait Provide<V> {
    /// Gives it.
    fn provide(self) -> V;
}
/// A value that was given to the builder.
#[derive(Debug)]
pub struct Given<V>(V);
impl<V> Provide<V> for Given<V> {
    fn provide(self) -> V {
        self.0
    }
}
#[diagnostic::do_not_recommend]
impl<V: Default> Provide<V> for ByDefault {
    fn provide(self) -> V {
        V::default()
    }
}

impl<T, H, M, S> ServerBuilder<T, H, M, S> {
    pub(crate) fn new() -> Self {
        let options = Options {
            bind: BindOptions::default(),
            request_queue_size: 1024,
            max_connections: None,
            max_per_peer: None,
            alarm_at: None,
            alarm_cool_down: Duration::from_secs(60),
            observer: Box::new(LogObserver),
            poll_interval: Some(Duration::from_millis(500)),
            timeout: None,
            linger: Linger::default(),
            time_limits: TimeLimits::DEFAULT,
            max_handshakes: None,
            reserve_descriptor: false,
            backlog: Backlog::Keep,
        };
        ServerBuilder { options, factory: ByDefault, mixin: ByDefault, state: ByDefault, types: PhantomData }
    }
}

impl<T, H, M, S, F, FromM, FromS> ServerBuilder<T, H, M, S, F, FromM, FromS> {
    /// The state that handlers share. Default: `S::default()`.
    pub fn state(self, state: S) -> ServerBuilder<T, H, M, S, F, FromM, Given<S>> {
        let ServerBuilder { options, factory, mixin, types, .. } = self;
        ServerBuilder { options, factory, mixin, state: Given(state), types }
    }

    /// The mix-in, set up: `.mixin(ForkingMixIn::default().max_children(10))`. Default: `M::default()`.
    pub fn mixin(self, mixin: M) -> ServerBuilder<T, H, M, S, F, Given<M>, FromS> {
        let ServerBuilder { options, factory, state, types, .. } = self;
        ServerBuilder { options, factory, mixin: Given(mixin), state, types }
    }

    /// Makes a handler for each request. It gets the request's context: who the client is, the server's state. Default:
    /// `H::default()`. Python: overriding `finish_request`, or `functools.partial(Handler, …)`.
    ///
    /// ```
    /// use socketserver_core::TcpServer;
    /// use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
    /// use std::{io::Write, net::SocketAddr};
    ///
    /// struct Tell { who: SocketAddr }                          // no Default
    /// impl StreamRequestHandler for Tell {
    ///     fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
    ///         Ok(writeln!(cx.wfile, "you are {}", self.who)?)
    ///     }
    /// }
    ///
    /// let server = TcpServer::<Tell>::builder()
    ///     .handler_factory(|cx| Tell { who: *cx.client_address })
    ///     .bind("127.0.0.1:0")?;
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn handler_factory<G>(self, make: G) -> ServerBuilder<T, H, M, S, FromFn<G>, FromM, FromS>
    where
        T: Transport,
        G: Fn(&Context<'_, T::Request, S>) -> H + Send + Sync + 'static,
    {
        let ServerBuilder { options, mixin, state, types, .. } = self;
        ServerBuilder { options, factory: FromFn(make), mixin, state, types }
    }

    /// How many connections may wait to be accepted. Default: 1024 (Python: 5). The system may have a lower limit
    /// (`net.core.somaxconn`). More than `i32::MAX` is as much as that.
    pub fn request_queue_size(mut self, connections: u32) -> Self {
        self.options.request_queue_size = i32::try_from(connections).unwrap_or(i32::MAX);
        self
    }

    /// SO_REUSEADDR. Default: on for TCP, so that a server can be started again at once (Python: off), off for the others.
    pub fn allow_reuse_address(mut self, allow: bool) -> Self {
        self.options.bind.allow_reuse_address = Some(allow);
        self
    }

    /// SO_REUSEPORT: several sockets share the port. Default: off. Not possible on Unix sockets: binding fails then.
    pub fn allow_reuse_port(mut self, allow: bool) -> Self {
        self.options.bind.allow_reuse_port = allow;
        self
    }

    /// The length in bytes beyond which a datagram is cut. Default: 8192. More than any datagram can have (65,535 over UDP, 16 MiB
    /// over a Unix socket) is as much as that. No effect on connections.
    pub fn max_packet_size(mut self, bytes: usize) -> Self {
        self.options.bind.max_packet_size = bytes;
        self
    }

    /// How many datagrams are received by one system call, if so many are there. Default: 16. 1 is one by one; more than 64, or than fit into
    /// 4 MiB, is as much as that. No effect on connections, and none with a mix-in whose threads or processes receive for themselves: a
    /// datagram that one of them has received ahead would wait for it while others have nothing to do.
    ///
    /// A datagram that has been received ahead is in the server, no longer in the socket: a handler that receives from the server's
    /// socket itself, or another process that does, doesn't see it. They need 1. At a shutdown it is served first, if there is time;
    /// it counts as refused if not.
    pub fn prefetch(mut self, datagrams: usize) -> Self {
        self.options.bind.prefetch = datagrams;
        self
    }

    /// Whether replies to UDP datagrams that were received by one system call are sent by one too: `wfile` of up to 1400 bytes. Default: no, each is
    /// sent when its handler has ended. For handlers that never wait: a reply is held back while the others' handlers run, until the last
    /// of them begins or 1 ms has passed; a handler that takes long just then holds it up for as long. That a reply could not be
    /// sent is told as an error of a later request. No effect with [`prefetch(1)`](Self::prefetch), nor where that has none.
    pub fn gather_replies(mut self, gather: bool) -> Self {
        self.options.bind.gather_replies = gather;
        self
    }

    /// Whether a server on an IPv6 address such as `[::]:8080` serves IPv4 clients too, whose addresses then show as
    /// `[::ffff:127.0.0.1]:port`. Default: as the system has it (Linux: yes, unless `net.ipv6.bindv6only` is set; OpenBSD: never).
    pub fn dual_stack(mut self, on: bool) -> Self {
        self.options.bind.dual_stack = Some(on);
        self
    }

    /// Which addresses a host name may stand for. Default: any, IPv4 first (Python: IPv4 only, unless a subclass says else).
    pub fn address_family(mut self, family: AddressFamily) -> Self {
        self.options.bind.address_family = Some(family);
        self
    }

    /// Sets socket options before the socket is bound. Python: overriding `server_bind`.
    pub fn socket_options(
        mut self,
        set: impl Fn(&SockRef<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.options.bind.set_options = Some(Arc::new(set));
        self
    }

    /// How many requests may be in progress at once, and what happens to more. Default: for connections
    /// [`Limit::from_descriptors`]; for datagrams what the mix-in says: with a thread for each 512, else none (Python: none).
    pub fn max_connections(mut self, limit: Limit) -> Self {
        self.options.max_connections = Some(limit);
        self
    }

    /// How many connections there may be at once from one IP address, whatever its ports; IPv4 in IPv6 is the same as IPv4. Default: no
    /// limit. One more is accepted, refused and closed; [`ServerHooks::reject_because`] may tell it why. No effect on datagrams, and on
    /// Unix sockets, whose clients have no address. Worker processes each have it for themselves.
    ///
    /// ```
    /// use socketserver_core::TcpServer;
    /// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
    /// # #[derive(Default)] struct Upper;
    /// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
    /// let server = TcpServer::<Upper>::builder().max_connections_per_peer(20).bind("127.0.0.1:0")?;
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn max_connections_per_peer(mut self, connections: usize) -> Self {
        self.options.max_per_peer = Some(connections);
        self
    }

    /// From how many requests in progress on [`Event::ConnectionsHigh`](crate::Event::ConnectionsHigh) is told, and how long it is not told again then.
    /// Default: from nine tenths of `max_connections`, if that is 10 or more, and at most once a minute. It costs nothing below that.
    pub fn connection_alarm(mut self, at: usize, cool_down: Duration) -> Self {
        self.options.alarm_at = Some(at);
        self.options.alarm_cool_down = cool_down;
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

    /// How long what a client still sends is read on when the server is done with it, so that its reply arrives: see [`Linger`]. Default: up to 5 s, where it
    /// is likely that there is something (Python: never). `None` is never. No effect on datagrams, and without a socket beneath.
    pub fn linger(mut self, linger: impl Into<Linger>) -> Self {
        self.options.linger = linger.into();
        self
    }

    /// Who hears what happens in the server. Default: [`LogObserver`].
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.options.observer = Box::new(observer);
        self
    }

    /// Binds to `address` and listens.
    ///
    /// # Errors
    /// [`ServerError::Resolve`], [`ServerError::Bind`] or [`ServerError::Activate`], which name the address.
    pub fn bind<A, Kind: 'static>(self, address: A) -> Result<Server<T, H, M, S>, ServerError>
    where
        T: Bind<A>,
        H: RequestHandlerClass<T::Request, S, Kind>,
        F: HandlerFactory<T::Request, S, H>,
        M: MixIn + Runs<Kind>,
        S: ServerHooks<T>,
        FromM: Provide<M>,
        FromS: Provide<S>,
    {
        self.server_bind(address)?.server_activate()
    }

    /// Binds to `address` without listening yet. Python: `bind_and_activate=False`, then `server_bind()`.
    ///
    /// # Errors
    /// [`ServerError::Resolve`] or [`ServerError::Bind`], which name the address.
    pub fn server_bind<A, Kind: 'static>(self, address: A) -> Result<Bound<Server<T, H, M, S>>, ServerError>
    where
        T: Bind<A>,
        H: RequestHandlerClass<T::Request, S, Kind>,
        F: HandlerFactory<T::Request, S, H>,
        M: MixIn + Runs<Kind>,
        S: ServerHooks<T>,
        FromM: Provide<M>,
        FromS: Provide<S>,
    {
        let transport = T::server_bind(address, &self.options.bind)?;
        self.with_transport(transport)
    }

    /// Serves on a transport that exists already: a listener that was passed down, or one of your own kind that has no
    /// address to bind to.
    ///
    /// # Errors
    /// [`ServerError::Activate`], [`ServerError::Start`].
    pub fn serve_on<Kind: 'static>(self, transport: T) -> Result<Server<T, H, M, S>, ServerError>
    where
        T: Transport,
        H: RequestHandlerClass<T::Request, S, Kind>,
        F: HandlerFactory<T::Request, S, H>,
        M: MixIn + Runs<Kind>,
        S: ServerHooks<T>,
        FromM: Provide<M>,
        FromS: Provide<S>,
    {
        self.with_transport(transport)?.server_activate()
    }

    fn with_transport<Kind: 'static>(self, transport: T) -> Result<Bound<Server<T, H, M, S>>, ServerError>
    where
        T: Transport,
        H: RequestHandlerClass<T::Request, S, Kind>,
        F: HandlerFactory<T::Request, S, H>,
        M: MixIn + Runs<Kind>,
        S: ServerHooks<T>,
        FromM: Provide<M>,
        FromS: Provide<S>,
    {
        let Options { request_queue_size, max_connections, observer, .. } = self.options;
        let mixin = self.mixin.provide();
        let core_options = CoreOptions {
            limit: max_connections.unwrap_or_else(|| default_limit::<T, M>(&mixin)),
            max_per_peer: self.options.max_per_peer,
            alarm_at: self.options.alarm_at,
            alarm_cool_down: self.options.alarm_cool_down,
            observer,
            poll_interval: self.options.poll_interval,
            linger: self.options.linger,
            time_limits: self.options.time_limits,
            max_handshakes: self.options.max_handshakes,
            reserve_descriptor: self.options.reserve_descriptor,
            backlog: self.options.backlog,
            request_queue_size,
        };
        let core = Core::new(transport.server_address().into(), core_options)?;
        let (class, state) = (erase(self.factory), self.state.provide());
        let server = Server::assemble(transport, core, class, mixin, state, self.options.timeout);
        Ok(Bound { server, request_queue_size })
    }
}

/// Of a transport without a limit, that of the mix-in.
fn default_limit<T: Transport, M: MixIn>(mixin: &M) -> Limit {
    let limit = T::default_limit();
    if limit.max().is_some() { limit } else { mixin.default_limit() }
}

/// A server that is bound and doesn't listen yet: clients are refused. The moment to set options of the socket.
///
/// ```
/// use socketserver_core::TcpServer;
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
/// use std::net::TcpStream;
///
/// let bound = TcpServer::<Upper>::builder().server_bind("127.0.0.1:0")?;
/// assert!(TcpStream::connect(bound.server_address()).is_err());
/// bound.setsockopt(|socket| socket.set_recv_buffer_size(65536))?;
/// let server = bound.server_activate()?;
/// assert!(TcpStream::connect(server.server_address()).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a bound server refuses clients until `server_activate`"]
#[derive(Debug)]
pub struct Bound<Server> {
    server: Server,
    request_queue_size: i32,
}

impl<T: Transport, H, M: MixIn, S: ServerHooks<T>> Bound<Server<T, H, M, S>> {
    /// The address it is bound to.
    pub fn server_address(&self) -> T::Address {
        self.server.server_address()
    }

    /// Sets options of the listening socket.
    ///
    /// # Errors
    /// What `set` returns.
    pub fn setsockopt<R>(&self, set: impl FnOnce(&SockRef<'_>) -> io::Result<R>) -> io::Result<R> {
        self.server.setsockopt(set)
    }

    /// Starts to listen. Python: `server_activate()`.
    ///
    /// # Errors
    /// [`ServerError::Activate`]; the socket is closed then.
    pub fn server_activate(self) -> Result<Server<T, H, M, S>, ServerError> {
        if let Some(transport) = self.server.socket() {
            transport.server_activate(self.request_queue_size).map_err(|source| ServerError::Activate {
                address: transport.server_address().to_string(),
                source,
            })?;
        }
        Ok(self.server)
    }
}

impl<T, H, M, S, F, FromM, FromS> fmt::Debug for ServerBuilder<T, H, M, S, F, FromM, FromS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("bind", &self.options.bind).finish_non_exhaustive()
    }
}
