//! Processes that serve side by side.

mod back_off;
mod herd;
mod news;
mod plan;
mod process;
mod pulse;
mod supervisor;

use crate::ThreadPoolMixIn;
use herd::Herd;
use process::Process;
use socketserver_core::{
    Accepted, Acceptor, Job, MixIn, Runs, Sequential, ServerError, ServerHooks, Transport,
};
use std::{
    io,
    num::NonZeroUsize,
    os::fd::BorrowedFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};
use supervisor::Supervisor;

/// While the processes stop, which nothing tells that a new deadline is said.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Serves in several processes, each of which accepts on the one listening socket and runs requests by a mix-in of its own.
///
/// `serve_forever` forks the processes before it does anything else, so that none is a copy of a program with threads; a program
/// that has some by then is warned by [`Event::ForkWithThreads`](socketserver_core::Event::ForkWithThreads). The parent doesn't accept. It watches: a process that
/// ends is replaced, after a while if several end soon after they began; one whose loop hangs is killed and replaced; and it
/// serves [`max_requests`](Self::max_requests) at most, if that is set. [`resize`](Self::resize) and [`restart`](Self::restart) change them at run time.
///
/// What is where:
/// - *State* (`S`, and everything else) is copied: what a handler changes is seen by the requests of its own process only.
/// - *Limits* such as `max_connections` hold in each process, so that the server as a whole may have as many times more. They can be
///   changed while it serves, by `Handle`, in all processes at once. The hooks of `ServerHooks` are called in the processes, `service_actions`
///   in the parent as well.
/// - *Steering*: `Handle::suspend` and `resume`, in the parent, reach all processes. `connections` and `close_connection` ask them, for a second
///   at most.
/// - *Events* are told where they happen: of requests in the processes, of processes in the parent. The server's `stats()`, in the
///   parent, counts what all processes have done.
/// - *Shutting down* is the parent's: all processes stop accepting, requests in progress may go on until its deadline. A handler may ask
///   for it by `cx.server.shutdown()`.
/// - *Signals*: SIGINT is left to the parent, since a terminal sends it to all. SIGTERM to a process ends this one, when the requests in
///   progress have ended, and it is replaced. When the parent dies the others end likewise.
///
/// - *Sockets*: the processes share the server's, so that who is free takes the next client. [`socket_each`](Self::socket_each) gives each its own.
///
/// `handle_request` forks nothing: it serves one request by the inner mix-in, on the server's own socket.
///
/// ```no_run
/// use socketserver_core::TcpServer;
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use socketserver_mixins::{PreforkMixIn, ThreadPoolMixIn};
/// use std::time::Duration;
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
///
/// let server = TcpServer::<Upper, PreforkMixIn>::builder()
///     .mixin(PreforkMixIn::new(ThreadPoolMixIn::default().workers(8)).processes(4).max_requests(10_000))
///     .bind("127.0.0.1:8080")?;
/// let _signals = server.shutdown_on_signals(Duration::from_secs(5))?;
/// server.serve_forever()?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[derive(Debug)]
pub struct PreforkMixIn<Inner = ThreadPoolMixIn> {
    inner: Arc<Inner>,
    max_requests: Option<u64>,
    jitter: Option<u64>,
    block_on_close: bool,
    herd: Arc<Herd>,
}

impl<Inner: MixIn + Default> Default for PreforkMixIn<Inner> {
    fn default() -> Self {
        Self::new(Inner::default())
    }
}

impl<Inner: MixIn> PreforkMixIn<Inner> {
    /// Processes that run requests by `inner`. It should start no thread and open no descriptor before it serves; those of this
    /// library don't.
    pub fn new(inner: Inner) -> Self {
        let cpus = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        PreforkMixIn {
            inner: Arc::new(inner),
            max_requests: None,
            jitter: None,
            block_on_close: true,
            // Two at least, so that one serves while the other is replaced.
            herd: Arc::new(Herd::new(cpus.max(2))),
        }
    }

    /// How many processes serve. Default: one for each CPU, at least 2. At least 1.
    pub fn processes(self, processes: usize) -> Self {
        self.resize(processes);
        self
    }

    /// After so many requests (connections, datagrams) a process stops accepting and is replaced; it ends when the requests in progress
    /// have. Threads that accept at the same time may take in a few more. Bounds what a leak can take. Default: never.
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = Some(requests.max(1));
        self
    }

    /// Up to how many requests more than [`max_requests`](Self::max_requests) a process serves, at random, so that those that were forked together
    /// aren't replaced together. Default: a tenth of it.
    pub fn max_requests_jitter(mut self, requests: u64) -> Self {
        self.jitter = Some(requests);
        self
    }

    /// How long a process's loop may show no sign of life before the process is killed and replaced. Default: 60 s; `None` is for
    /// ever. An idle process wakes four times in this time. A loop that runs requests itself, as that of
    /// [`Sequential`] does, doesn't count as hanging while it is in one; nor do processes that were stopped together with their parent.
    pub fn heartbeat(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.settings().heartbeat = limit.into();
        self
    }

    /// How long requests in progress may go on in a process that is replaced, by [`restart`](Self::restart), [`resize`](Self::resize), [`max_requests`](Self::max_requests) or
    /// SIGTERM, or whose parent has died; after that they are ended by force. A shutdown has a deadline of its own. Default: 30 s;
    /// `None` is for ever.
    pub fn grace(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.settings().grace = limit.into();
        self
    }

    /// Whether each process has a socket of its own on the server's address (SO_REUSEPORT), over which the system spreads clients by their
    /// addresses and ports. Default: no, they share one. On Linux, for TCP and UDP.
    ///
    /// Nobody but its process serves who waits in a socket, however idle others are: with handlers that take long, or connections that
    /// last, share one. In return a process whose mix-in is [`Sequential`] receives datagrams several at a time, and those of one client
    /// are served in their order. So it is for UDP with short handlers: 55 % less CPU time per datagram in the case `udp-each` of docs/performance.md. Short
    /// connections are served no faster (`short-each`).
    ///
    /// The parent keeps all these sockets open. A process that ends, is restarted or killed is replaced by one on the same socket, and
    /// nobody who waits there is refused; but they wait for as long as that takes. [`resize`](Self::resize) to fewer gives sockets up: their
    /// processes serve those who wait, for half of [`grace`](Self::grace) at most, and close them. Whoever is just connecting at that moment may be reset, unless
    /// `net.ipv4.tcp_migrate_req` is set, which gives them to the other sockets; datagrams that come between the last look and the end
    /// are lost. While the server is suspended nobody is served, so don't make it smaller then.
    ///
    /// Other sockets get the options that the builder has (`socket_options`), not what was set on the first afterwards; of an adopted socket
    /// only its address. On other transports and systems `serve_forever` says that it can't be done, if there are to be two processes or more.
    ///
    /// ```
    /// use socketserver_core::{Sequential, UdpServer};
    /// # use socketserver_handlers::DatagramContext;
    /// use socketserver_mixins::PreforkMixIn;
    ///
    /// let server = UdpServer::<_, PreforkMixIn<Sequential>>::builder()
    ///     .mixin(PreforkMixIn::new(Sequential).processes(4).socket_each(true))
    /// #   .handler_factory(|_| socketserver_handlers::HandlerFn::new(|_: &mut DatagramContext<'_>| Ok(())))
    ///     .bind("127.0.0.1:0")?;
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn socket_each(mut self, each: bool) -> Self {
        self.settings().socket_each = each;
        self
    }

    /// Whether closing the server waits for the processes, however long they take. Default: yes. To bound the wait, end the server
    /// by `Handle::shutdown` first, which has a deadline.
    pub fn block_on_close(mut self, block: bool) -> Self {
        self.block_on_close = block;
        self
    }

    /// The mix-in that runs requests. Each process has its copy; this is the parent's, which serves nothing.
    pub fn inner(&self) -> &Inner {
        &self.inner
    }

    /// From now on so many processes serve, at least 1. Returns at once: new ones are forked, or the youngest told to stop,
    /// when the serving thread comes to it.
    pub fn resize(&self, processes: usize) {
        self.herd.target.store(processes.max(1), SeqCst);
        self.herd.call();
    }

    /// Replaces all processes by new ones, one after the other, so that never fewer than there should be accept, and no client is
    /// refused. If new ones don't come up, the old ones stay. Returns at once.
    pub fn restart(&self) {
        self.herd.generation.fetch_add(1, SeqCst);
        self.herd.call();
    }

    /// The ids of the processes there are, those that are about to end included.
    pub fn active_children(&self) -> Vec<i32> {
        self.herd.lock().processes.iter().map(|process| process.worker.pid()).collect()
    }

    fn settings(&mut self) -> &mut Herd {
        Arc::get_mut(&mut self.herd).expect("nothing has been forked while it is being set up")
    }
}

impl<Inner> PreforkMixIn<Inner> {
    /// Leaves no process behind.
    fn end(&self) {
        if self.block_on_close {
            self.stop(<[Process]>::is_empty);
        } else {
            self.herd.stop_all(None, Instant::now());
        }
    }

    /// Tells the processes to stop, and waits. A signal, or somebody else who wants the end, may set a deadline yet.
    fn stop(&self, is_done: impl Fn(&[Process]) -> bool) {
        let mut asked = None;
        loop {
            let now = Instant::now();
            self.herd.stop_all(self.herd.teller.hear(asked), now);
            let waited = self.herd.wait(now.checked_add(LOOK_AGAIN), &is_done);
            asked = waited.1;
            if waited.0 {
                return;
            }
        }
    }
}

impl<Kind, Inner: Runs<Kind>> Runs<Kind> for PreforkMixIn<Inner> {}

impl<Inner: MixIn> MixIn for PreforkMixIn<Inner> {
    fn serve<T: Transport, S: ServerHooks<T>>(
        &self,
        mut acceptor: Acceptor<T, S>,
    ) -> Result<(), ServerError> {
        let supervisor = Supervisor {
            herd: self.herd.clone(),
            acceptor: acceptor.clone(),
            inner: self.inner.clone(),
            max_requests: self.max_requests.map(|least| (least, self.jitter.unwrap_or(least / 10))),
            had_threads: AtomicBool::new(false),
        };
        self.herd.teller.learn(acceptor.clone());
        self.herd.begin();
        let fails = |source| ServerError::Start { what: "worker process", source };
        let socket_each = self.herd.socket_each;
        let has_begun = if socket_each && self.herd.target.load(SeqCst) > 1 {
            acceptor.open_sockets(2) // to know now whether it can be done
        } else {
            Ok(())
        };
        match has_begun.and_then(|()| supervisor.tend()) {
            // There is no socket any more: the server was closed as it began, which is an end in order.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {}
            has_begun => has_begun.map_err(fails)?,
        }
        if socket_each {
            acceptor.close_sockets(self.active_children().len()); // if not all could be forked
        }
        let served = loop {
            match acceptor.accept(&supervisor, None) {
                Ok(Accepted::Stopped | Accepted::TimedOut) => break Ok(()),
                Ok(Accepted::Job(_) | Accepted::Refused) => acceptor.service_actions(&Sequential),
                Err(error) => break Err(error),
            }
        };
        self.stop(|all| all.iter().all(Process::has_left));
        match self.herd.lock().unusable.take() {
            Some(source) => Err(acceptor.unusable(source)),
            None => served,
        }
    }

    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        self.inner.process_request(job);
    }

    fn is_ready(&self) -> bool {
        self.inner.is_ready()
    }

    fn wake_source(&self) -> Option<BorrowedFd<'_>> {
        self.inner.wake_source()
    }

    fn wake_time(&self) -> Option<Instant> {
        self.inner.wake_time()
    }

    fn service_actions(&self) {
        self.inner.service_actions();
    }

    fn forks(&self) -> bool {
        true
    }

    fn drain(&self, until: Instant) {
        self.herd.stop_all(Some(until), Instant::now());
        self.herd.wait(Some(until), <[Process]>::is_empty);
        self.inner.drain(until);
    }

    fn server_close(&self) {
        self.end();
        self.inner.server_close();
    }
}

impl<Inner> Drop for PreforkMixIn<Inner> {
    fn drop(&mut self) {
        self.end();
    }
}
