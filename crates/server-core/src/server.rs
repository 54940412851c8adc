//! The server: a transport, a handler class, a mix-in and a state, joined.

use crate::{
    Acceptor, Backlog, Bind, Handle, Job, MixIn, Provide, Refusal, Runs, Sequential, ServerBuilder,
    ServerError, ServerHooks, Signals, Stats, Tcp, Transport, Udp, UnixDatagram, UnixStream,
    acceptor::{Accepted, WaitingRoom},
    backlog,
    core::Core,
    handle::GRACE,
    lingering::Lingering,
    listening::{CloseOnDrop, Listening},
};
use socket2::SockRef;
use socketserver_handlers::{ByDefault, HandlerClass, HandlerFactory, HandlerFn, RequestHandlerClass};
use std::{
    fmt, io,
    marker::PhantomData,
    os::fd::{AsRawFd, RawFd},
    process,
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

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
    pub(crate) state: S,
    pub(crate) class: Box<dyn HandlerClass<T::Request, S>>,
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
        if mixin.forks() {
            core.counters.expect_children();
        }
        let door: Weak<Listening<T>> = Arc::downgrade(&listening);
        core.know_door(door);
        let (waiting_room, lingering) = (WaitingRoom::default(), Lingering::default());
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

    /// Serves until [`shutdown`](Self::shutdown), or an end by a [`Handle`]. It can be called again afterwards.
    ///
    /// If a shutdown was asked for before the first call, this returns at once: it doesn't matter which of two threads,
    /// the one that serves and the one that shuts down, comes first.
    ///
    /// # Errors
    /// [`ServerError::Accept`] if the listening socket has become unusable; what clients do, or handlers, ends nothing here.
    /// [`ServerError::AlreadyServing`]; [`ServerError::Closed`].
    pub fn serve_forever(&self) -> Result<(), ServerError> {
        let core = &self.shared.core;
        let transport = self.listening.listening.get().ok_or(ServerError::Closed)?;
        let _inside = core.enter(); // first in, last out: an observer of the beginning or the end may shut down too
        let Some(serving) = core.begin_serving()? else { return Ok(()) };
        self.listening.owner.store(process::id(), SeqCst);
        let tended = self.shared.lingering.open(core);
        let served = self.mixin.serve(Acceptor::new(&self.shared, transport.clone()));
        drop(tended);
        if let [_] = &self.listening.listening.all()[..] {
            refuse_prefetched(&self.shared, &transport); // of several sockets, each is somebody else's
        }
        self.end_backlog(transport);
        self.shared.waiting_room.clear::<T, S>();
        if let Some(until) = core.drain_until() {
            self.drain(until);
        }
        serving.end(&served);
        served
    }

    /// Those who are still in the backlog, and whom nobody is going to serve, have been turned away.
    fn end_backlog(&self, transport: Arc<T>) {
        let core = &self.shared.core;
        let is_late = core.drain_until().is_some_and(|until| Instant::now() >= until);
        if core.at_stop.choice == Backlog::Serve && is_late && core.at_stop.has_left(&*transport) {
            let waiting = transport.backlog().unwrap_or(core.at_stop.most);
            backlog::refuse(&self.shared, &transport, waiting);
        }
        // It was closed by a handler, or another thread, that left the rest to us.
        if core.is_closed()
            && let Some(transport) = Arc::into_inner(transport)
            && self.listening.may_refuse(&transport)
        {
            (self.listening.refuse)(&transport);
        }
    }

    /// Waits for requests in progress, and ends by force what overstays: whoever asked for the shutdown may be doing the same, but
    /// a signal has nobody to wait.
    fn drain(&self, until: Instant) {
        let core = &self.shared.core;
        for patience in [until + GRACE / 4, until + GRACE] {
            core.hook("drain", || MixIn::drain(&*self.mixin, patience));
            if core.wait_until_drained(patience) && core.in_progress() == 0 {
                return;
            }
            core.force();
        }
    }

    /// Serves one request, waiting for it at most the server's `timeout`; if that passes, calls `handle_timeout`.
    ///
    /// Where the mix-in runs requests elsewhere, this returns when the request is on its way.
    ///
    /// # Errors
    /// As [`serve_forever`](Self::serve_forever).
    pub fn handle_request(&self) -> Result<Handled, ServerError> {
        let core = &self.shared.core;
        let transport = self.listening.listening.get().ok_or(ServerError::Closed)?;
        let _handling = core.begin_handling()?;
        let _inside = core.enter();
        let mut acceptor = Acceptor::for_one(&self.shared, transport);
        let until = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        // Children that ended since the last call are forgotten now; nothing else would, in a loop of these calls.
        core.hook("service_actions", || self.mixin.service_actions());
        match acceptor.accept(&*self.mixin, until)? {
            Accepted::Job(job) => acceptor.process_request(job, &*self.mixin),
            Accepted::Refused => {}
            Accepted::Stopped => return Ok(Handled::Stopped),
            Accepted::TimedOut => {
                core.hook("handle_timeout", || self.shared.state.handle_timeout());
                return Ok(Handled::TimedOut);
            }
        }
        Ok(Handled::Request)
    }

    /// Stops [`serve_forever`](Self::serve_forever), and waits until it has returned; requests that the mix-in runs elsewhere
    /// go on. For an end with a deadline, see [`Handle::shutdown`].
    ///
    /// Takes effect at once (Python: within half a second). From the serving thread or from a handler it only asks, and doesn't
    /// wait (Python: a deadlock). Before the server has ever served, it is remembered and the next `serve_forever` returns at once; it doesn't
    /// wait for that (Python: it does). After the server has stopped, it does nothing (Python: the next `serve_forever`
    /// returns at once).
    pub fn shutdown(&self) {
        self.handle().stop_and_wait();
    }

    /// Closes the listening socket, having turned away who still waits in its backlog (see [`Backlog`]), and waits for what the mix-in waits for: threads, children. Ends `serve_forever` if it is
    /// running (Python: it goes on, with an error). From the serving thread or from a handler it doesn't wait for
    /// those themselves; another call, from outside, does. In a worker process it asks the parent to shut down, whose server it is.
    /// Dropping the server does the same.
    pub fn server_close(&self) {
        let core = &self.shared.core;
        if core.worker().is_some() {
            core.request_stop(None); // the server is the parent's
            return;
        }
        core.close();
        if !core.is_inside() {
            core.wait_until_closed();
        }
        self.listening.close();
        core.hook("server_close", || self.mixin.server_close());
    }

    /// From now on SIGINT and SIGTERM stop the server, for as long as the returned value lives: requests in progress may go on for
    /// `grace`, the rest is then ended by force, and [`serve_forever`](Self::serve_forever) returns. In Python a program writes this by hand, or dies of
    /// `KeyboardInterrupt`.
    ///
    /// # Errors
    /// [`ServerError::Start`].
    ///
    /// ```no_run
    /// # use socketserver_core::TcpServer;
    /// # use socketserver_handlers::StreamContext;
    /// # use std::time::Duration;
    /// let server = TcpServer::<_>::bind_fn("127.0.0.1:8080", |_: &mut StreamContext<'_>| Ok(()))?;
    /// let _signals = server.shutdown_on_signals(Duration::from_secs(5))?;
    /// server.serve_forever()?;
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn shutdown_on_signals(&self, grace: Duration) -> Result<Signals, ServerError> {
        Signals::watch(&self.shared.core, grace, self.mixin.forks())
    }

    /// A handle that steers the server from anywhere.
    pub fn handle(&self) -> Handle {
        Handle(self.shared.core.clone())
    }

    /// The address to connect to: with the port that the system chose, if 0 was asked for.
    pub fn server_address(&self) -> T::Address {
        self.address.clone()
    }

    /// The number of the listening descriptor; −1 after [`server_close`](Self::server_close), as in Python.
    /// [`socket`](Self::socket) gives it as [`AsFd`](std::os::fd::AsFd).
    pub fn fileno(&self) -> RawFd {
        self.listening.listening.get().map_or(-1, |transport| transport.readiness().as_raw_fd())
    }

    /// The listening end, shared; `None` after [`server_close`](Self::server_close). Whoever keeps it keeps the port. Python: `server.socket`.
    pub fn socket(&self) -> Option<Arc<T>> {
        self.listening.listening.get()
    }

    /// Sets options of the listening socket, by the typed setters of [`socket2`].
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) after `server_close`, and what `set` returns.
    pub fn setsockopt<R>(&self, set: impl FnOnce(&SockRef<'_>) -> io::Result<R>) -> io::Result<R> {
        let transport = self.listening.listening.get().ok_or(io::ErrorKind::NotConnected)?;
        let descriptor = transport.readiness();
        set(&SockRef::from(&descriptor))
    }

    /// The state that handlers share.
    pub fn state(&self) -> &S {
        &self.shared.state
    }

    /// The mix-in: `server.mixin().active_children()`.
    pub fn mixin(&self) -> &M {
        &self.mixin
    }

    /// Counts of what the server has done.
    pub fn stats(&self) -> Stats {
        self.shared.core.stats()
    }
}

/// What was taken ahead, and neither served nor looked at, has been turned away.
pub(crate) fn refuse_prefetched<T: Transport, S: ServerHooks<T>>(shared: &Arc<Shared<T, S>>, transport: &T) {
    while transport.has_prefetched() {
        let Ok((request, peer)) = transport.get_request() else { return };
        Job::new(shared, request, peer, false).refuse(Refusal::Draining);
    }
}

/// What [`handle_request`](Server::handle_request) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Handled {
    /// It took in a request, which was served, handed to the mix-in, or turned away.
    Request,
    /// The server's `timeout` passed; `handle_timeout` was called.
    TimedOut,
    /// A shutdown came.
    Stopped,
}

impl<T: Transport, H, M, S> fmt::Debug for Server<T, H, M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("core", &self.shared.core).finish_non_exhaustive()
    }
}
