//! A pool of threads that accept for themselves.

mod alarm;
mod crew;
mod queue_limit;
mod run;
mod threads;

use alarm::Alarm;
use crew::Crew;
use queue_limit::QueueLimit;
use run::{Overseer, Run};
use socketserver_core::{
    Accepted, Acceptor, Job, MixIn, Runs, Sequential, ServerError, ServerHooks, Transport,
};
use std::{io, num::NonZeroUsize, sync::Arc, thread, time::Duration};
use threads::Threads;

/// Runs requests on a bounded number of threads, of which each accepts for itself.
///
/// A request is served by the thread that accepted it, so nothing is handed over and nothing queued: while all are busy, clients
/// wait in the backlog (`request_queue_size` long), as if the server were slow. There are at least
/// [`min_workers`](Self::min_workers) threads; when the last free one takes a request, another is started, up to
/// [`max_workers`](Self::max_workers); one that had nothing to do for [`idle_time`](Self::idle_time) ends.
///
/// A connection keeps its thread for as long as it lasts. If all threads are with long-lived connections, other clients wait:
/// [`Event::WorkersBusy`](socketserver_core::Event::WorkersBusy) tells, see [`busy_alarm`](Self::busy_alarm). Where that is the rule rather than the exception, a reactor
/// is the better choice.
///
/// The thread that calls `serve_forever` looks after the others; it sleeps unless something is to be done. A `shutdown` lets it
/// return when nobody accepts any more; requests in progress go on, and `server_close` waits for them. `handle_request`
/// serves a request itself, before it returns: there, too, the thread that accepts is the one that serves.
///
/// ```
/// use socketserver_core::TcpServer;
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use socketserver_mixins::ThreadPoolMixIn;
/// use std::time::Duration;
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
///
/// let server = TcpServer::<Upper, ThreadPoolMixIn>::builder()
///     .mixin(ThreadPoolMixIn::default().min_workers(4).max_workers(200).idle_time(Duration::from_secs(60)))
///     .bind("127.0.0.1:0")?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[derive(Debug)]
pub struct ThreadPoolMixIn {
    min: usize,
    max: usize,
    idle_time: Duration,
    queue_limit: Arc<QueueLimit>,
    busy_alarm: Option<Duration>,
    block_on_close: bool,
    socket_each: bool,
    /// Of this and of earlier calls of `serve_forever`.
    threads: Arc<Threads>,
}

/// A handler that blocks spends most of its time waiting for its client, so a pool of one thread per CPU would let the CPUs idle.
/// With 32, a handler may wait thirty times as long as it computes before CPU time is left over; a thread that waits takes
/// some 35 KiB, so the whole pool takes about a megabyte per CPU.
const MAX_PER_CPU: usize = 32;

impl Default for ThreadPoolMixIn {
    fn default() -> Self {
        let cpus = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        ThreadPoolMixIn {
            min: cpus,
            max: cpus * MAX_PER_CPU,
            idle_time: Duration::from_secs(10),
            queue_limit: QueueLimit::new(None),
            busy_alarm: Some(Duration::from_secs(1)),
            block_on_close: true,
            socket_each: false,
            threads: Arc::new(Threads::new()),
        }
    }
}

impl ThreadPoolMixIn {
    /// How many threads there are at least while the server serves. Default: one for each CPU. At least 1; more than
    /// [`max_workers`](Self::max_workers) means as many as that.
    pub fn min_workers(mut self, threads: usize) -> Self {
        self.min = threads.max(1);
        self
    }

    /// How many threads there are at most, and so how many requests are served at once. Default: 32 for each CPU, since handlers
    /// that block wait most of the time. At least 1.
    pub fn max_workers(mut self, threads: usize) -> Self {
        self.max = threads.max(1);
        self
    }

    /// Exactly so many threads, always: [`min_workers`](Self::min_workers) and [`max_workers`](Self::max_workers) at once.
    pub fn workers(self, threads: usize) -> Self {
        self.min_workers(threads).max_workers(threads)
    }

    /// After how long without a request a thread beyond the least number ends. Default: 10 s.
    pub fn idle_time(mut self, time: Duration) -> Self {
        self.idle_time = time;
        self
    }

    /// Takes clients in while all threads are busy: up to `requests` of them wait for a thread, in the order in which they came,
    /// and further ones are turned away, with `ServerHooks::reject_request` to tell them why. With 0 nobody waits. Default:
    /// nobody is taken in, all wait in the backlog, and the system decides what happens when that is full.
    ///
    /// Requests that wait count as in progress, for `max_connections` too. A shutdown lets them be served, if its deadline does.
    pub fn queue_limit(self, requests: usize) -> Self {
        self.set_queue_limit(requests);
        self
    }

    /// Changes [`queue_limit`](Self::queue_limit) from now on, while the server serves too; `None` is what it is by default. Who waits already
    /// stays, and is served, however many they are: nobody else is taken in until there are fewer. Returns at once. Of a pool that runs in
    /// worker processes ([`PreforkMixIn::inner`](crate::PreforkMixIn::inner)) it reaches all of them: each has a queue of its own, as long as this says,
    /// and looks at the limit whenever its loop comes round, every `poll_interval` at the latest.
    ///
    /// ```
    /// # use socketserver_core::TcpServer;
    /// # use socketserver_handlers::StreamContext;
    /// use socketserver_mixins::ThreadPoolMixIn;
    ///
    /// let server = TcpServer::<_, ThreadPoolMixIn>::bind_fn("127.0.0.1:0", |_: &mut StreamContext<'_>| Ok(()))?;
    /// server.mixin().set_queue_limit(100); // there is memory for so many
    /// server.mixin().set_queue_limit(None); // they wait in the backlog again
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn set_queue_limit(&self, requests: impl Into<Option<usize>>) {
        self.queue_limit.set(requests.into());
    }

    /// After how long without a free thread this is told, by [`Event::WorkersBusy`](socketserver_core::Event::WorkersBusy); then again after 1 s, 2 s, 4 s and so on, each minute at
    /// the least; [`Event::WorkersFree`](socketserver_core::Event::WorkersFree) tells the end. Default: 1 s. `None` is never. Another stretch is not told before ten times as
    /// long has passed.
    pub fn busy_alarm(mut self, after: impl Into<Option<Duration>>) -> Self {
        self.busy_alarm = after.into();
        self
    }

    /// The size of each thread's stack in bytes. Default: what `std::thread` gives (2 MiB, of which only what is touched takes
    /// memory).
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.settings().stack_size = Some(bytes);
        self
    }

    /// What the threads are called, followed by a number. Default: `worker`. The system may cut it to 15 bytes.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.settings().name = name.into();
        self
    }

    /// Whether closing the server waits for running requests, however long they take. Default: yes. To bound the wait, end the
    /// server by `Handle::shutdown` first, which has a deadline.
    pub fn block_on_close(mut self, block: bool) -> Self {
        self.block_on_close = block;
        self
    }

    /// Whether each thread has a socket of its own on the server's address (SO_REUSEPORT), over which the system spreads clients by their
    /// addresses and ports. Default: no, they share one. On Linux, for TCP and UDP; meant for UDP.
    ///
    /// There are then [`min_workers`](Self::min_workers) threads, always, and no [`queue_limit`](Self::queue_limit): who waits in a thread's socket is served by
    /// this thread and no other, however idle those are. With handlers that take long, or connections that last, share one. In return a
    /// thread receives datagrams several at a time, and those of one client are served in their order: 30 % less CPU time per datagram, though
    /// no higher rate, in the case `udp-each` of docs/performance.md. The sockets stay open until the server is
    /// closed; `handle_request` serves the first of them.
    ///
    /// Other sockets get the options that the builder has (`socket_options`), not what was set on the first afterwards; of an adopted socket
    /// only its address. With more than one thread on other transports and systems, and in worker processes (which have an option of
    /// this kind themselves), `serve_forever` says that it can't be done.
    ///
    /// ```
    /// # use socketserver_core::UdpServer;
    /// # use socketserver_handlers::DatagramContext;
    /// use socketserver_mixins::ThreadPoolMixIn;
    ///
    /// let server = UdpServer::<_, ThreadPoolMixIn>::builder()
    ///     .mixin(ThreadPoolMixIn::default().workers(4).socket_each(true))
    /// #   .handler_factory(|_| socketserver_handlers::HandlerFn::new(|_: &mut DatagramContext<'_>| Ok(())))
    ///     .bind("127.0.0.1:0")?;
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn socket_each(mut self, each: bool) -> Self {
        self.socket_each = each;
        self
    }

    /// How many threads there are now, busy or waiting.
    pub fn threads(&self) -> usize {
        self.threads.count()
    }

    fn settings(&mut self) -> &mut Threads {
        Arc::get_mut(&mut self.threads).expect("nothing has been started while it is being set up")
    }
}

impl<Kind> Runs<Kind> for ThreadPoolMixIn {}

impl MixIn for ThreadPoolMixIn {
    /// Runs it in place: only `handle_request` comes here, on a thread that accepted it.
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        job.run();
    }

    fn serve<T: Transport, S: ServerHooks<T>>(
        &self,
        mut acceptor: Acceptor<T, S>,
    ) -> Result<(), ServerError> {
        let min = self.min.min(self.max);
        let has_sockets = self.socket_each && min > 1;
        let acceptors = if has_sockets { on_sockets(&acceptor, min)? } else { Vec::new() };
        let (max, queue_limit) = match has_sockets {
            true => (min, QueueLimit::new(None)),
            false => (self.max, self.queue_limit.clone()),
        };
        let mut crew = Crew::new(min, max, queue_limit, Alarm::new(self.busy_alarm));
        (0..min).for_each(|_| crew.hire(false));
        let run = (self.queue_limit.bell())
            .map(|bell| Run::new(crew, &acceptor, &self.threads, self.idle_time, bell))
            .map_err(|source| ServerError::Start { what: "wake-up descriptor", source })?;
        let mut acceptors = acceptors.into_iter();
        for number in 0..min {
            if let Err(source) = run.start_worker(None, acceptors.next())
                && (number == 0 || has_sockets)
            {
                // Nobody would come for who waits in a socket.
                (number + 1..min).for_each(|_| run.not_started());
                acceptor.stop();
                run.end();
                return Err(ServerError::Start { what: "worker thread", source });
            }
        }
        let served = oversee(&mut acceptor, &run);
        if served.is_ok() {
            run.serve_backlog();
        }
        acceptor.stop(); // if it ended by an error
        run.end();
        run.failure().map_or(served, Err)
    }

    fn server_close(&self) {
        if self.block_on_close {
            self.threads.join();
        }
    }
}

/// One for each worker.
fn on_sockets<T: Transport, S: ServerHooks<T>>(
    acceptor: &Acceptor<T, S>,
    workers: usize,
) -> Result<Vec<Acceptor<T, S>>, ServerError> {
    let all: io::Result<Vec<_>> = (0..workers).map(|number| acceptor.on_socket(number)).collect();
    all.map_err(|source| {
        acceptor.close_sockets(1);
        ServerError::Start { what: "socket for each worker", source }
    })
}

/// Until the server stops: starts workers, tells that all are busy, takes in what they can't.
fn oversee<T: Transport, S: ServerHooks<T>>(
    acceptor: &mut Acceptor<T, S>,
    run: &Arc<Run<T, S>>,
) -> Result<(), ServerError> {
    let overseer = Overseer(run.clone());
    loop {
        match acceptor.accept(&overseer, None)? {
            Accepted::Job(job) => run.take_in(job),
            Accepted::Refused => {}
            Accepted::Stopped | Accepted::TimedOut => return Ok(()),
        }
        acceptor.service_actions(&Sequential);
    }
}

impl Drop for ThreadPoolMixIn {
    fn drop(&mut self) {
        self.server_close();
    }
}
