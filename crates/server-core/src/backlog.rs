//! What becomes of those who wait in the backlog when the server stops.

use crate::{AcceptError, Job, Refusal, ServerHooks, Transport, server::Shared};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

/// What becomes of clients that the system has connected and the server hasn't accepted yet, when the server stops. Datagrams that are in
/// the socket's buffer are treated alike.
///
/// Whatever is chosen: who still waits when the server is closed (`server_close`, `drop`) is accepted, told by
/// [`reject_because`](ServerHooks::reject_because) ([`Refusal::Draining`]), counted as refused, and closed: no client sees a reset that nobody knows
/// of. As many as the queue may hold, and half a second, are the bounds of that; who comes in that moment may be reset. It is not done
/// - with [`Leave`](Self::Leave);
/// - on a socket that was adopted (`from_fd`): its queue belongs to all who have the socket;
/// - in a process that neither made nor served it, whose server is a copy that a fork has left behind;
/// - while somebody keeps the transport that [`Server::socket`](crate::Server::socket) has given out.
///
/// ```
/// use socketserver_core::{Backlog, TcpServer};
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use std::{io::Read, net::TcpStream, thread, time::Duration};
/// # #[derive(Default)] struct Greet;
/// # impl StreamRequestHandler for Greet {
/// #     fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult { Ok(std::io::Write::write_all(&mut cx.wfile, b"hi")?) }
/// # }
///
/// let server = TcpServer::<Greet>::builder()
///     .backlog_at_shutdown(Backlog::Serve)
///     .bind("127.0.0.1:0")?;
/// let handle = server.handle();
/// handle.suspend(); // as if the server were busy
/// thread::scope(|scope| {
///     scope.spawn(|| server.serve_forever());
///     let mut client = TcpStream::connect(server.server_address())?;
///     while !handle.is_serving() {
///         thread::yield_now();
///     }
///     assert_eq!(handle.shutdown(Duration::from_secs(30)).drained, 1);
///     let mut text = String::new();
///     client.read_to_string(&mut text)?;
///     assert_eq!(text, "hi");
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Backlog {
    /// They wait on, for the next `serve_forever`. The default, as in Python.
    #[default]
    Keep,
    /// Those who wait at the moment of the stop are served, as far as the deadline of the shutdown lets them, first those who have come in
    /// already and wait for room ([`Limit::wait`](crate::Limit::wait)); then the others are refused. Who comes later isn't taken in: where the system tells the length of the queue (TCP on Linux) it is so many, elsewhere
    /// as many as the queue may hold. Where each thread or process has a socket of its own (`socket_each`), it is as many as one of them has;
    /// the others are refused when the server is closed. So is the rest where accepting has failed for more than a second, nobody else is being
    /// served, and the shutdown has no deadline.
    Serve,
    /// They are refused at once: accepted, told ([`Refusal::Draining`]), closed. Worker processes may serve some until they hear of the stop.
    Refuse,
    /// As [`Keep`](Self::Keep), and left alone when the server is closed, too: for a socket that another process goes on to serve.
    Leave,
}

/// Refusing takes no longer than this.
const PATIENCE: Duration = Duration::from_millis(500);

/// How many of those who waited when the server stopped are still to be taken in.
#[derive(Debug)]
pub(crate) struct AtStop {
    pub(crate) choice: Backlog,
    /// As many as the queue may hold.
    pub(crate) most: usize,
    left: AtomicUsize,
}

/// Nobody has counted yet.
const UNKNOWN: usize = usize::MAX;

impl AtStop {
    pub(crate) fn new(choice: Backlog, request_queue_size: i32) -> Self {
        let most = usize::try_from(request_queue_size).unwrap_or(0).saturating_add(1);
        AtStop { choice, most: most.min(1 << 20), left: AtomicUsize::new(UNKNOWN) }
    }

    /// The server begins to serve.
    pub(crate) fn forget(&self) {
        self.left.store(UNKNOWN, SeqCst);
    }

    /// Whether some are left to be served; the first time `count` says how many there are, if that can be told.
    pub(crate) fn has_left(&self, count: impl FnOnce() -> Option<usize>) -> bool {
        if self.left.load(SeqCst) == UNKNOWN {
            let counted = count().unwrap_or(self.most);
            let _ = self.left.compare_exchange(UNKNOWN, counted, SeqCst, SeqCst); // or another acceptor has
        }
        self.left.load(SeqCst) > 0
    }

    /// One was taken in.
    pub(crate) fn took_one(&self) {
        let _ =
            self.left.try_update(SeqCst, SeqCst, |left| (left != UNKNOWN).then(|| left.saturating_sub(1)));
    }

    /// There is none any more.
    pub(crate) fn found_none(&self) {
        self.left.store(0, SeqCst);
    }
}

/// Turns away those who wait, `most` of them.
pub(crate) fn refuse<T: Transport, S: ServerHooks<T>>(
    shared: &Arc<Shared<T, S>>,
    transport: &T,
    most: usize,
) {
    let core = &shared.core;
    let _inside = core.enter();
    let end = Instant::now() + PATIENCE;
    for _ in 0..most {
        if Instant::now() >= end {
            return;
        }
        match core.hook("get_request", || shared.state.get_request(transport)) {
            Some(Ok((request, peer))) => {
                Job::to_refuse(shared, request, peer).reject_because(Refusal::Draining);
            }
            Some(Err(error)) if AcceptError::of(&error) == AcceptError::ThisRequest => {}
            _ => return,
        }
    }
}

/// What was taken ahead, and neither served nor looked at, has been turned away; but for those who waited when the port was closed, if who is in the
/// backlog is to wait on.
pub(crate) fn refuse_prefetched<T: Transport, S: ServerHooks<T>>(shared: &Arc<Shared<T, S>>, transport: &T) {
    if shared.core.is_port_closed() && shared.core.at_stop.choice == Backlog::Keep {
        return;
    }
    while shared.core.has_prefetched(transport) {
        // Not by the state's hook, which may want to leave them there.
        let Some(Ok((request, peer))) = shared.core.hook("get_request", || transport.get_request()) else {
            return;
        };
        Job::to_refuse(shared, request, peer).reject_because(Refusal::Draining);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
