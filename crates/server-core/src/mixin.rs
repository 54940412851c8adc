//! Where requests run, as a trait that outsiders implement too; and the mix-in that runs them in the loop.

use crate::{Acceptor, Job, Limit, ServerError, ServerHooks, Transport};
use std::{os::fd::BorrowedFd, time::Instant};

/// Says that a mix-in can run handlers of a kind. Most run every kind: `impl<Kind> Runs<Kind> for MyMixIn {}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot run this handler",
    label = "this mix-in runs no handlers of this kind",
    note = "`ReactorMixIn` runs only handlers that implement `KeepAliveRequestHandler`: it waits between two requests, so it must be told where one ends; other mix-ins run others too",
    note = "if `{Self}` is a mix-in of your own, say what it runs: `impl<Kind> Runs<Kind> for {Self} {{}}`"
)]
pub trait Runs<Kind> {}

/// Decides where requests run: Python's mix-in classes.
///
/// The least that one needs is [`process_request`](Self::process_request). It gets a [`Job`] and does one of: [`run`](Job::run) it here or on
/// a thread; fork, run it in the child and [`close`](Job::close) it in the parent; [`fail`](Job::fail) it. It is called from the
/// loop, so it should return soon.
///
/// ```
/// use socketserver_core::{Job, MixIn, Runs, ServerHooks, TcpServer, Transport};
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
///
/// /// A new thread for each request, and nobody waits for it.
/// #[derive(Default)]
/// struct DetachedThreads;
///
/// impl MixIn for DetachedThreads {
///     fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
///         std::thread::spawn(move || job.run());
///     }
/// }
/// impl<Kind> Runs<Kind> for DetachedThreads {}
///
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
/// let server = TcpServer::<Upper, DetachedThreads>::bind("127.0.0.1:0")?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
pub trait MixIn: Send + Sync + 'static {
    /// Sees to it that a request is run.
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>);

    /// Serves until the acceptor says that it is over: `acceptor.run(self)` as provided. A mix-in that accepts on several
    /// threads or in several processes does it here.
    ///
    /// # Errors
    /// What ends the server.
    fn serve<T: Transport, S: ServerHooks<T>>(&self, mut acceptor: Acceptor<T, S>) -> Result<(), ServerError>
    where
        Self: Sized,
    {
        acceptor.run(self)
    }

    /// Whether another request can be taken now. While not, clients wait in the backlog, and the loop waits for
    /// [`wake_source`](Self::wake_source). As provided, always.
    fn is_ready(&self) -> bool {
        true
    }

    /// The limit of requests in progress where neither the builder nor the [transport](Transport::default_limit) has one, as for datagrams. As
    /// provided, none.
    fn default_limit(&self) -> Limit {
        Limit::none()
    }

    /// Whether the loop may take several datagrams from the system at once, for this mix-in takes one after another without
    /// holding up the loop for longer than if there were no other. As provided, no: where others receive too, they couldn't help.
    fn prefetches(&self) -> bool {
        false
    }

    /// A descriptor that is readable when [`service_actions`](Self::service_actions) has something to do, such as children that ended. As
    /// provided, none.
    fn wake_source(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// A point in time at which [`service_actions`](Self::service_actions) has something to do. Asked anew before each wait. As
    /// provided, none.
    fn wake_time(&self) -> Option<Instant> {
        None
    }

    /// Called after each request, when [`wake_source`](Self::wake_source) is readable, when [`wake_time`](Self::wake_time) has come, and
    /// every `poll_interval`: forgets what has ended. As provided, does nothing.
    fn service_actions(&self) {}

    /// Whether it forks, so that the server should start no thread of its own. As provided, it doesn't.
    fn forks(&self) -> bool {
        false
    }

    /// Called when the server stops and the loop goes on to serve those who wait in the backlog ([`Backlog::Serve`](crate::Backlog::Serve)): ends
    /// what has nothing in progress, whose place they may need. It doesn't wait. As provided, does nothing.
    fn end_idle(&self) {}

    /// Called when the loop has ended by a shutdown with a deadline, by the thread that served and by the one that asked, perhaps
    /// at once: waits for requests in progress that only the mix-in can see the end of, no longer than `until`. As provided, does
    /// nothing.
    fn drain(&self, _until: Instant) {}

    /// Called when the server is closed: leaves no thread or child behind. As provided, does nothing.
    fn server_close(&self) {}
}

/// What a handle, which knows no types, needs of a mix-in.
pub(crate) trait Drain: Send + Sync {
    fn drain(&self, until: Instant);
}

impl<M: MixIn> Drain for M {
    fn drain(&self, until: Instant) {
        MixIn::drain(self, until);
    }
}

/// Runs each request in the loop, one after another: what a Python server without a mix-in does. The default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sequential;

impl<Kind> Runs<Kind> for Sequential {}

impl MixIn for Sequential {
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        job.run();
    }

    fn prefetches(&self) -> bool {
        true // nobody else could serve what waits
    }
}
