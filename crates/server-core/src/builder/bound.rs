//! A server between `server_bind` and `server_activate`.

use crate::{MixIn, Server, ServerError, ServerHooks, Transport};
use socket2::SockRef;
use std::io;

/// A server that is bound and doesn't listen yet: clients are refused. The moment to set options of the socket.
///
/// ```
/// use socketserver_core::TcpServer;
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
/// use std::net::TcpStream;
///
/// let bound = TcpServer::<Upper>::builder().server_bind("127.0.0.1:0")?;
/// assert!(TcpStream::connect(bound.server_address()).is_err());
/// bound.setsockopt(|socket| socket.set_recv_buffer_size(65536))?;
/// let server = bound.server_activate()?;
/// assert!(TcpStream::connect(server.server_address()).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a bound server refuses clients until `server_activate`"]
#[derive(Debug)]
pub struct Bound<Server> {
    pub(super) server: Server,
    pub(super) request_queue_size: i32,
}

impl<T: Transport, H, M: MixIn, S: ServerHooks<T>> Bound<Server<T, H, M, S>> {
    /// The address it is bound to.
    pub fn server_address(&self) -> T::Address {
        self.server.server_address()
    }

    /// Sets options of the listening socket.
    ///
    /// # Errors
    /// What `set` returns.
    pub fn setsockopt<R>(&self, set: impl FnOnce(&SockRef<'_>) -> io::Result<R>) -> io::Result<R> {
        self.server.setsockopt(set)
    }

    /// Starts to listen. Python: `server_activate()`.
    ///
    /// # Errors
    /// [`ServerError::Activate`]; the socket is closed then.
    pub fn server_activate(self) -> Result<Server<T, H, M, S>, ServerError> {
        if let Some(transport) = self.server.socket() {
            transport.server_activate(self.request_queue_size).map_err(|source| ServerError::Activate {
                address: transport.server_address().to_string(),
                source,
            })?;
        }
        Ok(self.server)
    }
}
