//! What can be said of a server before it exists.

mod accepting;
mod bound;
mod datagrams;
mod limits;
mod listening;
mod options;
mod time_limits;

use crate::{Bind, Limit, MixIn, Observer, Runs, Server, ServerError, ServerHooks, Transport, core::Core};
use options::Options;
use socketserver_handlers::{ByDefault, Context, FromFn, HandlerFactory, RequestHandlerClass, erase};
use std::{fmt, marker::PhantomData};

pub use bound::Bound;

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
        ServerBuilder {
            options: Options::default(),
            factory: ByDefault,
            mixin: ByDefault,
            state: ByDefault,
            types: PhantomData,
        }
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

    /// Who hears what happens in the server. Default: [`LogObserver`](crate::LogObserver).
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
        let Options { request_queue_size, timeout, .. } = self.options;
        let mixin = self.mixin.provide();
        let core_options = self.options.into_core(|| default_limit::<T, M>(&mixin));
        let core = Core::new(transport.server_address().into(), core_options)?;
        let (class, state) = (erase(self.factory), self.state.provide());
        let server = Server::assemble(transport, core, class, mixin, state, timeout);
        Ok(Bound { server, request_queue_size })
    }
}

/// Of a transport without a limit, that of the mix-in.
fn default_limit<T: Transport, M: MixIn>(mixin: &M) -> Limit {
    let limit = T::default_limit();
    if limit.max().is_some() { limit } else { mixin.default_limit() }
}

impl<T, H, M, S, F, FromM, FromS> fmt::Debug for ServerBuilder<T, H, M, S, F, FromM, FromS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("bind", &self.options.bind).finish_non_exhaustive()
    }
}
