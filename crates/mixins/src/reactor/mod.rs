//! Connections that wait without a thread; each request runs on one of a few.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod engine;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "no_engine.rs"]
mod engine;

use crate::ThreadingMixIn;
use engine::Engine;
use socketserver_core::{Acceptor, Job, MixIn, Runs, ServerError, ServerHooks, Transport};
use socketserver_handlers::kind::KeepAlive;
use std::{thread, time::Instant};

/// Runs each *request* of a connection on one of a few threads; between two requests the connection has its handler, and nothing
/// else: no thread, no buffers. So 100,000 clients that are mostly silent need a handful of threads. Python has no counterpart.
///
/// It runs handlers that implement [`KeepAliveRequestHandler`](socketserver_handlers::KeepAliveRequestHandler), as plain
/// blocking code. Its calls, for each connection:
/// 1. the handler is made and its `setup` runs, as soon as a thread is free;
/// 2. the connection waits (in epoll) until something arrives;
/// 3. `handle_one_request` runs, and again for each request that has arrived behind it, then back to 2;
/// 4. when the client has finished, the handler says so or fails, or a time limit passes: `finish`, and the connection is closed.
///
/// # How the work is spread
///
/// A thread looks after connections and runs their requests in place: nothing is handed from thread to thread. One looks after
/// all of them as long as it keeps up, since a thread that is awake takes the next requests cheaply, and one that sleeps has to be woken.
/// When it doesn't keep up while a processor is idle, the connections are spread over more, up to [`workers`](Self::workers), and go back when
/// half as many would do. That is judged ten times a second, and each connection moves after a request.
///
/// # A handler that takes long
///
/// A handler may block all the same:
/// - if it is about to wait for a socket of ours (the client has sent half a request, or doesn't take the reply), another thread takes
///   over the share before it waits;
/// - if it takes long for another reason, one does after 10 to 20 ms.
///
/// For this there is a thread in reserve, and more are started as they are needed, up to [`max_workers`](Self::max_workers); those that are
/// not needed end after 10 s. If so many handlers block at the same time, others wait until one comes back: limit what clients can do by
/// `request_timeout`.
///
/// # Time limits
///
/// A connection that waits is closed when the server's `idle_timeout` has passed, or the handler's own `timeout`, as it
/// would be where a thread waits. Neither costs a system call, nor anything for a request.
///
/// # The end
///
/// When the server is told to stop, requests that have arrived are served, connections that wait are closed at once (which counts as
/// completed), and no request is waited for on the others. [`server_close`](socketserver_core::Server::server_close) waits for running
/// handlers and leaves no thread behind.
/// Where requests are taken in by `handle_request` instead of `serve_forever`, that or a `Handle::shutdown` is what closes the
/// connections that wait.
///
/// # Where there is nothing to wait on
///
/// A connection without a socket beneath (a wire in memory) is run on a thread of its own, as [`ThreadingMixIn`] does; and so are all
/// connections on systems without epoll (macOS, the BSDs).
///
/// ```
/// use socketserver_core::TcpServer;
/// use socketserver_handlers::{HandlerResult, KeepAlive, KeepAliveRequestHandler, StreamContext};
/// use socketserver_mixins::ReactorMixIn;
/// use std::{io::{BufRead, BufReader, Read, Write}, net::TcpStream, thread, time::Duration};
///
/// #[derive(Default)]
/// struct Count { requests: u64 }                           // lives as long as the connection
///
/// impl KeepAliveRequestHandler for Count {
///     fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
///         cx.rfile.read_until(b'\n', &mut Vec::new())?;
///         self.requests += 1;
///         writeln!(cx.wfile, "request {}", self.requests)?;
///         Ok(KeepAlive::Yes)
///     }
/// }
///
/// let server = TcpServer::<Count, ReactorMixIn>::builder()
///     .mixin(ReactorMixIn::default().workers(2).max_workers(64))
///     .idle_timeout(Duration::from_secs(60))
///     .bind("127.0.0.1:0")?;
/// thread::scope(|scope| {
///     scope.spawn(|| server.serve_forever());
///
///     let mut client = BufReader::new(TcpStream::connect(server.server_address())?);
///     for reply in ["request 1\n", "request 2\n"] {
///         client.get_mut().write_all(b"next\n")?;
///         let mut line = String::new();
///         client.read_line(&mut line)?;
///         assert_eq!(line, reply);
///     }
///
///     server.shutdown();                                   // closes connections that wait
///     assert_eq!(client.read(&mut [0])?, 0);
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ReactorMixIn {
    engine: Engine,
    /// For connections that can't be waited for.
    threads: ThreadingMixIn,
}

#[derive(Debug, Clone)]
struct Settings {
    workers: usize,
    max_workers: usize,
    stack_size: Option<usize>,
    thread_name: String,
    block_on_close: bool,
}

impl Default for ReactorMixIn {
    fn default() -> Self {
        let settings = Settings {
            workers: thread::available_parallelism().map_or(1, usize::from),
            max_workers: 512,
            stack_size: None,
            thread_name: "reactor".into(),
            block_on_close: true,
        };
        let threads = ThreadingMixIn::default().thread_name(&settings.thread_name);
        ReactorMixIn { engine: Engine::new(settings), threads }
    }
}

impl ReactorMixIn {
    /// How many threads may look after connections at the same time, at least 1. Default: as many as there are processors
    /// ([`available_parallelism`](thread::available_parallelism)). As many as are needed do; where [`max_workers`](Self::max_workers) leaves
    /// none in reserve, all of them.
    pub fn workers(mut self, threads: usize) -> Self {
        self.engine.settings.workers = threads.max(1);
        self
    }

    /// How many threads there may be in all, with those that stand in for others whose handler blocks; at least as many as
    /// [`workers`](Self::workers). Default: 512. So many handlers may block before others are held up.
    pub fn max_workers(mut self, threads: usize) -> Self {
        self.engine.settings.max_workers = threads;
        self
    }

    /// The size of each thread's stack in bytes. Default: what `std::thread` gives (2 MiB, of which only what is touched takes
    /// memory).
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.engine.settings.stack_size = Some(bytes);
        self.threads = self.threads.stack_size(bytes);
        self
    }

    /// What the threads are called, followed by a number. Default: `reactor`. The system may cut it to 15 bytes.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.engine.settings.thread_name = name.into();
        self.threads = self.threads.thread_name(&self.engine.settings.thread_name);
        self
    }

    /// Whether closing the server waits for running requests, however long they take. Default: yes. To bound the wait, end the
    /// server by `Handle::shutdown` first, which has a deadline.
    pub fn block_on_close(mut self, block: bool) -> Self {
        self.engine.settings.block_on_close = block;
        self.threads = self.threads.block_on_close(block);
        self
    }

    /// How many threads there are now, busy or waiting. None before the first connection.
    pub fn threads(&self) -> usize {
        self.engine.threads() + self.threads.threads()
    }

    /// Over how many [`workers`](Self::workers) the connections are spread now. None before the first connection.
    pub fn workers_in_use(&self) -> usize {
        self.engine.in_use()
    }

    /// How many connections wait for their next request now.
    pub fn parked(&self) -> usize {
        self.engine.parked()
    }
}

impl Runs<KeepAlive> for ReactorMixIn {}

impl MixIn for ReactorMixIn {
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        if let Some(job) = self.engine.admit(job) {
            self.threads.process_request(job);
        }
    }

    fn serve<T: Transport, S: ServerHooks<T>>(
        &self,
        mut acceptor: Acceptor<T, S>,
    ) -> Result<(), ServerError> {
        let served = acceptor.run(self);
        if served.is_err() || acceptor.is_draining() {
            self.engine.drain();
        }
        served
    }

    fn end_idle(&self) {
        self.engine.drain();
    }

    /// For those that `handle_request` took in, who know of no loop that has ended.
    fn drain(&self, _until: Instant) {
        self.engine.drain();
    }

    fn server_close(&self) {
        self.engine.close();
        self.threads.server_close();
    }
}
