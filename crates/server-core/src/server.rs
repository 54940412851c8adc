//! The server: a transport, a handler class, a mix-in and a state, joined.

mod ending;
mod parts;
mod serving;

use crate::{
    Bind, MixIn, Provide, Runs, Sequential, ServerBuilder, ServerError, ServerHooks, Tcp, Transport, Udp,
    UnixDatagram, UnixStream,
    acceptor::WaitingRoom,
    backlog,
    core::Core,
    kept::Kept,
    lingering::Lingering,
    listening::{CloseOnDrop, Listening},
};
use socketserver_handlers::{ByDefault, HandlerClass, HandlerFactory, HandlerFn, RequestHandlerClass};
use std::{
    fmt,
    marker::PhantomData,
    process,
    sync::{Arc, Weak, atomic::AtomicU32},
    time::Duration,
};

pub use serving::Handled;

/// A server for requests of transport `T`, handled by `H`, run by `M`, with state `S`.
///
/// Mostly written by one of its aliases: [`TcpServer`], [`UdpServer`], [`UnixStreamServer`], [`UnixDatagramServer`], or those that name a
/// mix-in too, such as `ThreadingTcpServer`. The type says all: what it listens on, what it does, where it does it.
///
/// Its methods have Python's names; all take `&self`, so that a server can be served by one thread and steered by
/// another. It is closed when it is dropped.
///
/// ```
/// use socketserver_core::TcpServer;
/// use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use std::{io::{BufRead, Read, Write}, net::TcpStream, thread};
///
/// #[derive(Default)]
/// struct Upper;
/// impl StreamRequestHandler for Upper {
///     fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
///         let mut line = String::new();
///         cx.rfile.read_line(&mut line)?;
///         cx.wfile.write_all(line.to_uppercase().as_bytes())?;
///         Ok(())
///     }
/// }
///
/// let server = TcpServer::<Upper>::bind("127.0.0.1:0")?;
/// thread::scope(|scope| {
///     scope.spawn(|| server.serve_forever());
///
///     let mut client = TcpStream::connect(server.server_address())?;
///     client.write_all(b"hello\n")?;
///     let mut reply = String::new();
///     client.read_to_string(&mut reply)?;
///     assert_eq!(reply, "HELLO\n");
///
///     server.shutdown();
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server<T: Transport, H, M = Sequential, S = ()> {
    // In this order: no new clients, then the mix-in waits for what is running.
    listening: CloseOnDrop<T>,
    mixin: Arc<M>,
    shared: Arc<Shared<T, S>>,
    address: T::Address,
    timeout: Option<Duration>,
    handler: PhantomData<fn() -> H>,
}

/// What the requests of a server share with it.
pub(crate) struct Shared<T: Transport, S> {
    pub(crate) waiting_room: WaitingRoom,
    pub(crate) lingering: Lingering,
    pub(crate) core: Arc<Core>,
    pub(crate) state: Kept<S>,
    pub(crate) class: Kept<Box<dyn HandlerClass<T::Request, S>>>,
    pub(crate) listening: Arc<Listening<T>>,
}

/// A TCP server. Python: `TCPServer`.
pub type TcpServer<H, M = Sequential, S = ()> = Server<Tcp, H, M, S>;
/// A UDP server. Python: `UDPServer`.
pub type UdpServer<H, M = Sequential, S = ()> = Server<Udp, H, M, S>;
/// A server on a Unix stream socket. Python: `UnixStreamServer`.
pub type UnixStreamServer<H, M = Sequential, S = ()> = Server<UnixStream, H, M, S>;
/// A server on a Unix datagram socket. Python: `UnixDatagramServer`.
pub type UnixDatagramServer<H, M = Sequential, S = ()> = Server<UnixDatagram, H, M, S>;

impl<T: Transport, H, M, S> Server<T, H, M, S> {
    /// A server of which more than the address is to be said.
    pub fn builder() -> ServerBuilder<T, H, M, S> {
        ServerBuilder::new()
    }

    /// Binds to `address` and listens; [`serve_forever`](Self::serve_forever) then serves. Python: `Server(address, Handler)`.
    ///
    /// Handlers, mix-in and state are made by [`Default`]; [`builder`](Self::builder) takes others.
    ///
    /// # Errors
    /// [`ServerError::Resolve`], [`ServerError::Bind`] or [`ServerError::Activate`], which name the address.
    pub fn bind<A, Kind: 'static>(address: A) -> Result<Self, ServerError>
    where
        T: Bind<A>,
        H: RequestHandlerClass<T::Request, S, Kind>,
        M: MixIn + Runs<Kind>,
        S: ServerHooks<T>,
        ByDefault: HandlerFactory<T::Request, S, H> + Provide<M> + Provide<S>,
    {
        Self::builder().bind(address)
    }
}

impl<T: Transport, F: Send + Sync + 'static, M, S> Server<T, HandlerFn<F>, M, S> {
    /// Binds to `address` a server whose handler is a closure; see [`HandlerFn`] for what it may take and return.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    ///
    /// ```
    /// use socketserver_core::UdpServer;
    /// use socketserver_handlers::DatagramContext;
    ///
    /// let server = UdpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut DatagramContext<'_>| {
    ///     cx.wfile = cx.packet.to_ascii_uppercase();
    ///     Ok(())
    /// })?;
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn bind_fn<A, Kind: 'static>(address: A, closure: F) -> Result<Self, ServerError>
    where
        T: Bind<A>,
        HandlerFn<F>: RequestHandlerClass<T::Request, S, Kind>,
        M: MixIn + Runs<Kind>,
        S: ServerHooks<T>,
        ByDefault: Provide<M> + Provide<S>,
    {
        let handler = HandlerFn::new(closure);
        Self::builder().handler_factory(move |_| handler.clone()).bind(address)
    }
}

impl<T: Transport, H, M: MixIn, S: ServerHooks<T>> Server<T, H, M, S> {
    pub(crate) fn assemble(
        transport: T,
        core: Core,
        class: Box<dyn HandlerClass<T::Request, S>>,
        mixin: M,
        state: S,
        timeout: Option<Duration>,
    ) -> Self {
        let address = transport.server_address();
        let listening = Arc::new(Listening::new(transport));
        let (core, mixin) = (Arc::new(core), Arc::new(mixin));
        let known: Weak<M> = Arc::downgrade(&mixin);
        core.know_mixin(known);
        let door: Weak<Listening<T>> = Arc::downgrade(&listening);
        core.know_door(door);
        let (waiting_room, lingering) = (WaitingRoom::default(), Lingering::default());
        let (state, class) = (Kept::new(state), Kept::new(class));
        let (core_too, listening_too) = (core.clone(), listening.clone());
        let shared =
            Shared { waiting_room, lingering, core: core_too, state, class, listening: listening_too };
        let shared = Arc::new(shared);
        let refuse = Box::new({
            let shared = shared.clone();
            move |transport: &T| backlog::refuse(&shared, transport, shared.core.at_stop.most)
        });
        Server {
            listening: CloseOnDrop { listening, core, refuse, owner: AtomicU32::new(process::id()) },
            mixin,
            shared,
            address,
            timeout,
            handler: PhantomData,
        }
    }
}

impl<T: Transport, H, M, S> fmt::Debug for Server<T, H, M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("core", &self.shared.core).finish_non_exhaustive()
    }
}
