//! Steering a server from anywhere.

use crate::{ConnectionInfo, Limit, Stats, core::Core};
use socketserver_handlers::ServerControl;
use socketserver_net::Address;
use std::{
    fmt, io,
    sync::Arc,
    time::{Duration, Instant},
};

/// Steers a server: from another thread, from a handler, from a signal's thread. Knows no types, can be cloned, and outlives the
/// server without harm.
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<Core>);

/// What came of a [`Handle::shutdown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Requests that were in progress, or were still taken in ([`Backlog::Serve`](crate::Backlog::Serve)), and came to their end in time.
    pub drained: usize,
    /// Requests that were still in progress at the deadline: their connections were shut down, their children killed.
    pub forced: usize,
    /// Clients that have been turned away since the server was made, in this shutdown too.
    pub refused: u64,
    /// How long the shutdown took.
    pub elapsed: Duration,
}

/// What was forced gets this long to notice, so that a report is about a server at rest.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// As good as for ever, and an instant that lies as far ahead can still be represented.
const FOR_EVER: Duration = Duration::from_secs(86_400 * 365);

impl Handle {
    /// Stops the server: nothing is accepted from now on, requests in progress may go on for `deadline`, the rest is then ended
    /// by force. Returns when all have ended.
    ///
    /// Handlers see `cx.server.is_draining()`. From the serving thread or from a handler, which are themselves what is
    /// waited for, it asks and returns at once, having drained nothing; the loop itself then ends by force what overstays.
    pub fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        let begun = Instant::now();
        let until = begun + deadline.min(FOR_EVER);
        // Before the stop, which may let them end.
        let before = self.0.stats();
        let forced_before = self.0.forced();
        let run = self.0.request_stop(Some(until));
        let (mut drained, mut forced) = (0, 0);
        if !self.0.is_inside() {
            if !self.0.wait_until_idle(run, until) {
                forced = self.0.in_progress();
                self.0.force();
                self.0.wait_until_idle(run, Instant::now() + GRACE);
            }
            // The loop does the same, and so do worker processes and other callers; they may have been faster.
            forced = forced.max(self.0.forced().saturating_sub(forced_before));
            // Those who were inside, and those who were still taken in out of the backlog.
            let now = self.0.stats();
            let came = before.active + now.accepted.saturating_sub(before.accepted) as usize;
            let refused = now.refused.saturating_sub(before.refused) as usize;
            drained = came.saturating_sub(refused).saturating_sub(forced);
        }
        ShutdownReport { drained, forced, refused: self.stats().refused, elapsed: begun.elapsed() }
    }

    /// Asks the server to stop, and returns at once.
    pub fn request_shutdown(&self) {
        self.0.request_stop(None);
    }

    pub(crate) fn stop_and_wait(&self) {
        let run = self.0.request_stop(None);
        if !self.0.is_inside() {
            self.0.wait_until_stopped(run);
        }
    }

    /// Whether `serve_forever` is running.
    pub fn is_serving(&self) -> bool {
        self.0.is_serving()
    }

    /// Whether the server has been told to stop.
    pub fn is_draining(&self) -> bool {
        self.0.is_draining()
    }

    /// The address that the server listens on, or listened on.
    pub fn server_address(&self) -> Address {
        self.0.address.clone()
    }

    /// The connections in progress, in the order in which they were accepted: who they are from, for how long, what passed, what
    /// they are doing. Costs those connections nothing until it is called; then, a lock for as long as it takes to copy the list.
    ///
    /// A connection that a forked child serves is listed with its [`pid`](ConnectionInfo::pid), and so is a datagram; other datagrams aren't.
    ///
    /// The parent of a prefork server asks its worker processes, and lists their connections too, with their pids, the oldest first. It
    /// waits for the answers no longer than a second: what a process serves that is stopped, or hangs, or dies meanwhile, is left
    /// out, though [`stats`](Self::stats) counts it. A worker process lists its own connections only.
    ///
    /// ```
    /// use socketserver_core::TcpServer;
    /// use socketserver_handlers::{HandlerResult, StreamContext};
    /// use std::{io::BufRead, io::Read, net::TcpStream, thread, time::Duration};
    ///
    /// let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut StreamContext<'_>| {
    ///     cx.rfile.read_until(b'\n', &mut Vec::new())?; // for a line that doesn't come
    ///     Ok(())
    /// })?;
    /// let handle = server.handle();
    /// thread::scope(|scope| {
    ///     scope.spawn(|| server.serve_forever());
    ///
    ///     let mut client = TcpStream::connect(server.server_address())?;
    ///     assert!(handle.wait_for_connections(|n| n == 1, Duration::from_secs(30)));
    ///     let found = &handle.connections()[0];
    ///     assert_eq!(found.peer, client.local_addr()?.into());
    ///
    ///     assert!(handle.close_connection(found.id));
    ///     assert_eq!(client.read(&mut [0])?, 0);
    ///     assert!(handle.wait_for_connections(|n| n == 0, Duration::from_secs(30)));
    ///     server.shutdown();
    ///     std::io::Result::Ok(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        self.0.list()
    }

    /// Ends one connection by force: it is shut down, or the child killed that serves it. The handler reads end-of-file, or fails to
    /// write, and the request ends as such a request does. False if there is none of this number, or it has been ended by force before.
    /// Doesn't wait for the end. Counts as [`forced`](Stats::forced).
    ///
    /// The parent of a prefork server has it done by the worker process that serves the connection, and waits for that no longer than a
    /// second; then it gives false, and the connection is ended if the process goes on after all.
    pub fn close_connection(&self, id: u64) -> bool {
        self.0.close_one(id)
    }

    /// Waits until the number of requests in progress is such that `condition` holds, no longer than `deadline`; says whether it
    /// does. It is asked at once, and again at every change; numbers that last too short to be seen may be missed. While nobody waits
    /// this costs requests nothing.
    ///
    /// What worker processes do is looked at every 20 ms. Children of a forking server end, as far as this is concerned, when a
    /// serving thread notices; a handler that waits for its own end waits until the deadline.
    pub fn wait_for_connections(&self, condition: impl FnMut(usize) -> bool, deadline: Duration) -> bool {
        self.0.wait_for(Instant::now() + deadline.min(FOR_EVER), condition)
    }

    /// The limit of connections that holds now.
    pub fn max_connections(&self) -> Limit {
        self.0.gate.limit()
    }

    /// Changes the limit of connections, and what happens at it, from now on. Nobody is thrown out: if more are inside, nobody goes in
    /// until there are fewer. If there is more room, those who wait go in at once.
    ///
    /// The parent of a prefork server tells its worker processes, each of which has this limit for itself: so many connections at once, and
    /// as many times more as there are processes.
    ///
    /// ```
    /// # use socketserver_core::TcpServer;
    /// # use socketserver_handlers::StreamContext;
    /// use socketserver_core::Limit;
    /// # let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |_: &mut StreamContext<'_>| Ok(()))?;
    /// let handle = server.handle();
    /// handle.set_max_connections(Limit::reject(500));
    /// assert_eq!(handle.max_connections(), Limit::reject(500));
    /// handle.set_max_connections_per_peer(Some(10));
    /// assert_eq!(handle.max_connections_per_peer(), Some(10));
    /// handle.set_max_handshakes(Some(100));
    /// assert_eq!(handle.max_handshakes(), Some(100));
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn set_max_connections(&self, limit: Limit) {
        self.0.set_limit(limit);
    }

    /// The limit of connections from one IP address that holds now.
    pub fn max_connections_per_peer(&self) -> Option<usize> {
        self.0.registry.peer_limit()
    }

    /// Changes the limit of connections from one IP address; `None` is no limit. Connections that there are stay, and count. As with
    /// [`set_max_connections`](Self::set_max_connections), worker processes are told, and each counts its own.
    pub fn set_max_connections_per_peer(&self, connections: Option<usize>) {
        self.0.limit_peers(connections);
    }

    /// How many handshakes may be in progress at once now.
    pub fn max_handshakes(&self) -> Option<usize> {
        self.0.handshakes.max()
    }

    /// Changes how many handshakes may be in progress at once; `None` is no limit. Those that there are go on, and count. As with
    /// [`set_max_connections`](Self::set_max_connections), processes that were forked before keep theirs.
    pub fn set_max_handshakes(&self, handshakes: Option<usize>) {
        self.0.handshakes.set_max(handshakes);
    }

    /// Accepts nothing from now on, until [`resume`](Self::resume): clients wait in the backlog, as if the server were slow (datagrams in the
    /// socket's buffer), and those inside are served on. A client that is being accepted at this moment still is. Every mix-in does
    /// this, worker processes too, when they hear of it. Stopping works as ever; a server that is stopped and serves again is
    /// suspended still. [`close_port`](Self::close_port) is for clients who are to be refused instead.
    ///
    /// ```
    /// # use socketserver_core::TcpServer;
    /// # use socketserver_handlers::{HandlerResult, StreamContext};
    /// use std::{io::{Read, Write}, net::TcpStream, thread};
    ///
    /// # let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut StreamContext<'_>| Ok(cx.wfile.write_all(b"hi")?))?;
    /// let handle = server.handle();
    /// handle.suspend();
    /// thread::scope(|scope| {
    ///     scope.spawn(|| server.serve_forever());
    ///
    ///     let mut client = TcpStream::connect(server.server_address())?; // waits
    ///     assert_eq!(handle.stats().accepted, 0);
    ///     handle.resume();
    ///     let mut text = String::new();
    ///     client.read_to_string(&mut text)?;
    ///     assert_eq!(text, "hi");
    ///     server.shutdown();
    ///     std::io::Result::Ok(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn suspend(&self) {
        self.0.suspend(true);
    }

    /// Closes the port until [`resume`](Self::resume): clients are refused by the system (ECONNREFUSED), and nobody else can take the port
    /// meanwhile, though the system chose it. Those inside are served on; those who wait in the backlog are served first, none is lost.
    /// (One whose handshake is under way in this very moment may be reset.) Everything else is as with [`suspend`](Self::suspend), which keeps the port open. Does
    /// nothing if it is closed.
    ///
    /// It holds for all processes: worker processes take in who waits, for which they have five seconds. It is closed when this returns.
    ///
    /// # Errors
    /// The port is open then as it was.
    /// - [`Unsupported`](std::io::ErrorKind::Unsupported), with the reason: on other systems than Linux; for all but TCP (a Unix socket that was shut
    ///   down never listens again, a datagram socket doesn't listen); for an adopted socket, which others may serve; without
    ///   SO_REUSEADDR, since connections in progress would keep the port; and from a forked child, whose parent's the port is.
    /// - [`TimedOut`](std::io::ErrorKind::TimedOut) if worker processes don't come to those who wait.
    /// - [`NotConnected`](std::io::ErrorKind::NotConnected) if the server is closed; what the system reports, such as a lack of descriptors for those who wait.
    ///
    /// ```
    /// # use socketserver_core::TcpServer;
    /// # use socketserver_handlers::{HandlerResult, StreamContext};
    /// use std::{io, net::TcpStream};
    ///
    /// # let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |_: &mut StreamContext<'_>| Ok(()))?;
    /// # if cfg!(target_os = "linux") {
    /// let handle = server.handle();
    /// handle.close_port()?;
    /// let refused = TcpStream::connect(server.server_address()).unwrap_err();
    /// assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    ///
    /// handle.resume();
    /// TcpStream::connect(server.server_address())?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn close_port(&self) -> io::Result<()> {
        self.0.close_port()
    }

    /// Whether the port is [closed](Self::close_port).
    pub fn is_port_closed(&self) -> bool {
        self.0.is_port_closed()
    }

    /// Accepts again, first of all those who have waited in the backlog; listens again first, if the port was closed. Should that fail,
    /// [`Event::PortNotReopened`](crate::Event::PortNotReopened) tells, and it stays closed; [`try_resume`](Self::try_resume) gives the error. Does nothing if the server
    /// isn't suspended.
    pub fn resume(&self) {
        let _ = self.try_resume(); // it has been told
    }

    /// [`resume`](Self::resume), for those who want to know whether the port could be opened again.
    ///
    /// # Errors
    /// What the system reports. The port is closed then as it was.
    pub fn try_resume(&self) -> io::Result<()> {
        self.0.reopen()
    }

    /// Whether it is [suspended](Self::suspend).
    pub fn is_suspended(&self) -> bool {
        self.0.is_suspended()
    }

    /// Counts of what the server has done.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.0).finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
