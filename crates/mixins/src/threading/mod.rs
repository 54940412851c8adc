//! A thread for each request: Python's `ThreadingMixIn`.

mod workers;

use socketserver_core::{Job, Limit, MixIn, Runs, ServerHooks, Transport};
use std::{io, time::Duration};
use workers::{Task, Workers};

/// Runs each request on a thread of its own: Python's `ThreadingMixIn`.
///
/// A thread whose request has ended waits a while for another one before it ends, so that short connections don't cost a
/// thread each. Threads are not limited here; the server's `max_connections` limits requests. For datagrams, which hold no descriptor that
/// would limit them, it is 512 unless the builder says something else, so that a burst doesn't start a thread for each; the others wait in the
/// socket's buffer (Python: no limit). A thread that can't be started is an error of that request.
///
/// ```
/// use socketserver_core::TcpServer;
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use socketserver_mixins::ThreadingMixIn;
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
///
/// let server = TcpServer::<Upper, ThreadingMixIn>::builder()
///     .mixin(ThreadingMixIn::default().stack_size(64 * 1024).thread_name("upper"))
///     .bind("127.0.0.1:0")?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[derive(Debug)]
pub struct ThreadingMixIn {
    workers: Workers,
    daemon_threads: bool,
    block_on_close: bool,
}

impl Default for ThreadingMixIn {
    fn default() -> Self {
        ThreadingMixIn { workers: Workers::new(), daemon_threads: false, block_on_close: true }
    }
}

impl ThreadingMixIn {
    /// Whether closing the server leaves running requests alone. Default: no. In Rust all threads end with the process, so this
    /// is the same as [`block_on_close(false)`](Self::block_on_close); in Python the interpreter also waits for other threads
    /// when it exits.
    pub fn daemon_threads(mut self, daemon: bool) -> Self {
        self.daemon_threads = daemon;
        self
    }

    /// Whether closing the server waits for running requests, however long they take. Default: yes. To bound the wait, end the
    /// server by `Handle::shutdown` first, which has a deadline.
    pub fn block_on_close(mut self, block: bool) -> Self {
        self.block_on_close = block;
        self
    }

    /// The size of each thread's stack in bytes. Default: what `std::thread` gives (2 MiB, of which only what is touched takes
    /// memory).
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.workers.stack_size = Some(bytes);
        self
    }

    /// What the threads are called, followed by a number. Default: `request`. The system may cut it to 15 bytes.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.workers.name = name.into();
        self
    }

    /// How long a thread without a request waits for another. Default: 10 s.
    pub fn idle_time(mut self, time: Duration) -> Self {
        self.workers.idle_time = time;
        self
    }

    /// How many threads there are now, busy or waiting.
    pub fn threads(&self) -> usize {
        self.workers.count()
    }
}

impl<Kind> Runs<Kind> for ThreadingMixIn {}

impl MixIn for ThreadingMixIn {
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        if let Err((task, error)) = self.workers.run(Box::new(job)) {
            task.fail(error);
        }
    }

    fn default_limit(&self) -> Limit {
        Limit::backlog(512)
    }

    fn prefetches(&self) -> bool {
        true // none waits for another
    }

    fn server_close(&self) {
        self.workers.close(self.block_on_close && !self.daemon_threads);
    }
}

impl Drop for ThreadingMixIn {
    fn drop(&mut self) {
        self.server_close();
    }
}

impl<T: Transport, S: ServerHooks<T>> Task for Job<T, S> {
    fn run(self: Box<Self>) {
        Job::run(*self);
    }
    fn fail(self: Box<Self>, error: io::Error) {
        Job::fail(*self, format!("no thread for this request: {error}"));
    }
}
