//! The limits of a server that runs: what they are, and changing them.

use super::Handle;
use crate::Limit;

impl Handle {
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
    /// [`set_max_connections`](Self::set_max_connections), worker processes are told, and each counts its own; children that were forked for one
    /// request each share one count.
    pub fn set_max_handshakes(&self, handshakes: Option<usize>) {
        self.0.limit_handshakes(handshakes);
    }
}
