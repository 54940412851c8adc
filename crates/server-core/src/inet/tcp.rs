//! TCP.

use super::{beside, bind_first};
use crate::{
    Bind, BindOptions, PeerAddress, ServerError, Transport, adopt,
    port::{Port, unsupported},
};
use socket2::{SockRef, Type};
use socketserver_net::TcpStream;
use socketserver_sys::Child;
use std::{
    fmt::Debug,
    io,
    net::{Shutdown, SocketAddr, ToSocketAddrs},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::atomic::{AtomicI32, Ordering::Relaxed},
};

/// Connections over TCP. Python: `TCPServer`.
///
/// Binds to whatever [`ToSocketAddrs`] takes. Where a name stands for several addresses they are tried in turn, IPv4
/// first, as Python's `AF_INET` servers would; `address_family` and `dual_stack` of the builder change that.
/// SO_REUSEADDR is on by default (Python: off), so that a server can be started again at once.
#[derive(Debug)]
pub struct Tcp {
    listener: socket2::Socket,
    address: SocketAddr,
    /// For another one like it.
    options: BindOptions,
    backlog: AtomicI32,
    /// It was adopted: others may have it, too.
    is_shared: bool,
    port: Port,
}

impl Transport for Tcp {
    type Request = TcpStream;
    type Address = SocketAddr;

    fn get_request(&self) -> io::Result<(TcpStream, PeerAddress<Self>)> {
        if self.port.has_kept()
            && let Some((stream, peer)) = self.port.take_kept()
        {
            return Ok((stream.into(), peer));
        }
        let (stream, peer) = adopt::accept(&self.listener)?;
        let peer = peer.as_socket().ok_or(io::ErrorKind::ConnectionAborted)?;
        Ok((stream.into(), peer))
    }

    fn readiness(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn backlog(&self) -> Option<usize> {
        // One that doesn't listen has no queue, but those who were in it.
        socketserver_sys::queue_length(self.listener.as_fd()).ok().map(|length| length + self.port.kept())
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    fn server_address(&self) -> SocketAddr {
        self.address
    }

    fn server_activate(&self, request_queue_size: i32) -> io::Result<()> {
        self.backlog.store(request_queue_size, Relaxed);
        self.port.listens(request_queue_size);
        self.listener.listen(request_queue_size)
    }

    fn another(&self) -> io::Result<Self> {
        let listener = beside(&SockRef::from(&self.listener), self.address, Type::STREAM, &self.options)?;
        let another = Tcp::new(listener, self.address, self.options.clone(), self.port.shared());
        let backlog = self.backlog.load(Relaxed);
        match self.port.is_closed(&self.listener)? {
            true => another.port.listens(backlog), // when it is opened
            false => another.server_activate(backlog)?,
        }
        Ok(another)
    }

    fn shutdown_request(request: &mut TcpStream) {
        // A view that somebody kept becomes dead in both directions, so that the client isn't left with half a connection.
        let how = if request.is_shared() { Shutdown::Both } else { Shutdown::Write };
        let _ = request.shutdown(how); // the client may be gone already
    }

    fn close_in_child(&self, child: &Child) {
        child.close_inherited(self.listener.as_fd());
        self.port.close_in_child(child);
    }

    fn close_port(&self) -> io::Result<()> {
        if self.is_shared {
            return Err(unsupported("an adopted socket may be served by others"));
        }
        self.port.close(&self.listener, self.address)
    }

    fn reopen_port(&self) -> io::Result<()> {
        self.port.reopen(&self.listener, self.address)
    }

    fn hold_port(&self, hold: bool) -> io::Result<()> {
        if self.is_shared {
            return Err(unsupported("an adopted socket may be served by others"));
        }
        self.port.hold(&self.listener, hold)
    }

    fn has_prefetched(&self) -> bool {
        self.port.has_kept()
    }

    fn leave_to_worker(&self) {
        self.port.leave_to_worker();
    }
}

#[diagnostic::do_not_recommend]
impl<A: ToSocketAddrs + Debug> Bind<A> for Tcp {
    fn server_bind(address: A, options: &BindOptions) -> Result<Self, ServerError> {
        let (listener, address, asked) = bind_first(address, Type::STREAM, true, options)?;
        Ok(Tcp::new(listener, address, options.clone(), Port::bound_to(asked)))
    }
}

impl Tcp {
    fn new(listener: socket2::Socket, address: SocketAddr, options: BindOptions, port: Port) -> Self {
        Tcp { listener, address, options, backlog: AtomicI32::new(0), is_shared: false, port }
    }

    /// Serves a listening socket that is already open, such as one that a supervisor passed down.
    ///
    /// # Errors
    /// [`ServerError::Adopt`] if it isn't a listening TCP socket.
    pub fn from_fd(fd: impl Into<OwnedFd>) -> Result<Self, ServerError> {
        let (listener, address) = adopt::listener(fd.into(), Type::STREAM)?;
        let address = adopt::inet(&listener, &address)?;
        Ok(Tcp { is_shared: true, ..Tcp::new(listener, address, BindOptions::default(), Port::bound_to(0)) })
    }
}
