//! How many there may be at once.

use super::ServerBuilder;
use crate::Limit;
use std::time::Duration;

impl<T, H, M, S, F, FromM, FromS> ServerBuilder<T, H, M, S, F, FromM, FromS> {
    /// How many requests may be in progress at once, and what happens to more. Default: for connections
    /// [`Limit::from_descriptors`]; for datagrams what the mix-in says: with a thread for each 512, else none (Python: none).
    pub fn max_connections(mut self, limit: Limit) -> Self {
        self.options.max_connections = Some(limit);
        self
    }

    /// How many connections there may be at once from one IP address, whatever its ports; IPv4 in IPv6 is the same as IPv4. Default: no
    /// limit. One more is accepted, refused and closed; [`ServerHooks::reject_because`](crate::ServerHooks::reject_because) may tell it why. No effect on datagrams, and on
    /// Unix sockets, whose clients have no address. Worker processes each have it for themselves.
    ///
    /// ```
    /// use socketserver_core::TcpServer;
    /// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
    /// # #[derive(Default)] struct Upper;
    /// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
    /// let server = TcpServer::<Upper>::builder().max_connections_per_peer(20).bind("127.0.0.1:0")?;
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn max_connections_per_peer(mut self, connections: usize) -> Self {
        self.options.max_per_peer = Some(connections);
        self
    }

    /// How many handshakes may be in progress at once. Default: no limit but that of connections. One more is refused:
    /// [`ServerHooks::reject_because`](crate::ServerHooks::reject_because) may tell the client why, then it is closed. A running server's is changed by
    /// [`Handle::set_max_handshakes`](crate::Handle::set_max_handshakes).
    ///
    /// Children that were forked for one request each share this limit; worker processes each have it for themselves.
    pub fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.options.max_handshakes = Some(handshakes);
        self
    }

    /// From how many requests in progress on [`Event::ConnectionsHigh`](crate::Event::ConnectionsHigh) is told, and how long it is not told again then.
    /// Default: from nine tenths of `max_connections`, if that is 10 or more, and at most once a minute. It costs nothing below that.
    pub fn connection_alarm(mut self, at: usize, cool_down: Duration) -> Self {
        self.options.alarm_at = Some(at);
        self.options.alarm_cool_down = cool_down;
        self
    }
}
