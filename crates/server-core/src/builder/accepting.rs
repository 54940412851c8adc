//! What becomes of clients that can't be served: there is no descriptor for them, or the server stops.

use super::ServerBuilder;
use crate::Backlog;

impl<T, H, M, S, F, FromM, FromS> ServerBuilder<T, H, M, S, F, FromM, FromS> {
    /// What becomes of those who wait in the backlog when the server stops: see [`Backlog`]. Default: [`Backlog::Keep`], they wait on for
    /// the next `serve_forever`, and are refused when the server is closed (Python: they wait on, and are reset then).
    pub fn backlog_at_shutdown(mut self, backlog: Backlog) -> Self {
        self.options.backlog = backlog;
        self
    }

    /// Whether a descriptor is kept for the moment in which there is no other. If accepting then fails for lack of one (EMFILE, ENFILE), it
    /// is given up, the client that has waited longest is accepted, told by [`reject_because`](crate::ServerHooks::reject_because)
    /// ([`Refusal::NoDescriptor`](crate::Refusal::NoDescriptor)) and closed, and the descriptor is taken again. Default: no; clients wait in the backlog, and are
    /// served when there are descriptors again (Python: the same, at the price of a whole CPU). If somebody else takes the descriptor in that
    /// moment, clients wait likewise, until it can be had again. Each worker process has its own.
    ///
    /// ```
    /// use socketserver_core::TcpServer;
    /// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
    /// # #[derive(Default)] struct Upper;
    /// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
    /// let server = TcpServer::<Upper>::builder().reserve_descriptor(true).bind("127.0.0.1:0")?;
    /// assert_eq!(server.stats().refused_by.no_descriptor, 0);
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn reserve_descriptor(mut self, reserve: bool) -> Self {
        self.options.reserve_descriptor = reserve;
        self
    }
}
