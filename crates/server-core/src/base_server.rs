//! The operations that every server has, whatever its types: Python's `BaseServer`.

use crate::{Handle, Handled, MixIn, Server, ServerError, ServerHooks, Signals, Stats, Transport};
use socketserver_net::Address;
use std::{os::fd::RawFd, time::Duration};

/// What every server can do. Works as `dyn BaseServer`, for programs that serve several servers of different types.
///
/// ```
/// use socketserver_core::{BaseServer, TcpServer, UdpServer};
/// # use socketserver_handlers::*;
/// # #[derive(Default)] struct Time;
/// # impl StreamRequestHandler for Time { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
/// # #[derive(Default)] struct PacketTime;
/// # impl DatagramRequestHandler for PacketTime { fn handle(&mut self, _: &mut DatagramContext<'_>) -> HandlerResult { Ok(()) } }
///
/// let service: Vec<Box<dyn BaseServer>> = vec![
///     Box::new(TcpServer::<Time>::bind("127.0.0.1:0")?),
///     Box::new(UdpServer::<PacketTime>::bind("127.0.0.1:0")?),
/// ];
/// std::thread::scope(|threads| {
///     for server in &service {
///         threads.spawn(|| server.serve_forever());
///     }
///     service.iter().for_each(|server| server.shutdown());
/// });
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
pub trait BaseServer: Send + Sync {
    /// See [`Server::serve_forever`].
    ///
    /// # Errors
    /// As there.
    fn serve_forever(&self) -> Result<(), ServerError>;

    /// See [`Server::handle_request`].
    ///
    /// # Errors
    /// As there.
    fn handle_request(&self) -> Result<Handled, ServerError>;

    /// See [`Server::shutdown`].
    fn shutdown(&self);

    /// See [`Server::server_close`].
    fn server_close(&self);

    /// See [`Server::server_address`].
    fn server_address(&self) -> Address;

    /// See [`Server::fileno`].
    fn fileno(&self) -> RawFd;

    /// See [`Server::handle`].
    fn handle(&self) -> Handle;

    /// See [`Server::shutdown_on_signals`].
    ///
    /// # Errors
    /// As there.
    fn shutdown_on_signals(&self, grace: Duration) -> Result<Signals, ServerError>;

    /// See [`Server::stats`].
    fn stats(&self) -> Stats;
}

impl<T: Transport, H, M: MixIn, S: ServerHooks<T>> BaseServer for Server<T, H, M, S> {
    fn serve_forever(&self) -> Result<(), ServerError> {
        Server::serve_forever(self)
    }
    fn handle_request(&self) -> Result<Handled, ServerError> {
        Server::handle_request(self)
    }
    fn shutdown(&self) {
        Server::shutdown(self);
    }
    fn server_close(&self) {
        Server::server_close(self);
    }
    fn server_address(&self) -> Address {
        Server::server_address(self).into()
    }
    fn fileno(&self) -> RawFd {
        Server::fileno(self)
    }
    fn handle(&self) -> Handle {
        Server::handle(self)
    }
    fn shutdown_on_signals(&self, grace: Duration) -> Result<Signals, ServerError> {
        Server::shutdown_on_signals(self, grace)
    }
    fn stats(&self) -> Stats {
        Server::stats(self)
    }
}
