//! Connections in progress: listed, ended, waited for.

use super::{FOR_EVER, Handle};
use crate::ConnectionInfo;
use std::time::{Duration, Instant};

impl Handle {
    /// The connections in progress, in the order in which they were accepted: who they are from, for how long, what passed, what
    /// they are doing. Costs a connection a place in the list when it begins and ends, and its requests nothing; and while it is called, a lock for
    /// as long as it takes to copy the list.
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
    /// Doesn't wait for the end. Counts as [`forced`](crate::Stats::forced).
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
}
