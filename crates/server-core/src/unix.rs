//! Unix streams and datagrams.

use crate::{
    Bind, BindOptions, Limit, PeerAddress, ServerError, Transport, adopt, port::unsupported,
    socket_file::SocketFile,
};
use socket2::{Domain, Type};
use socketserver_net::{self as net, Datagram, DatagramSource, UnixAddress};
use socketserver_sys::Child;
use std::{
    io,
    net::Shutdown,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

/// Connections over a Unix socket. Python: `UnixStreamServer`.
///
/// Binds to a path, or to `@name` in Linux's abstract namespace. A socket file that a dead server left behind is
/// removed (found out by connecting to it), and ours is removed when the server is closed; Python does neither.
///
/// Its requests are [`socketserver_net::UnixStream`]s.
#[derive(Debug)]
pub struct UnixStream {
    /// First, so that it is removed while the socket is open: nobody can take it for stale, or reuse its inode number, before.
    _file: Option<SocketFile>,
    listener: socket2::Socket,
    address: UnixAddress,
    /// It was adopted: others may have it, too.
    is_shared: bool,
}

/// Datagrams over a Unix socket. Python: `UnixDatagramServer`.
///
/// Binds as [`UnixStream`] does. The address of a peer is `None` if the peer's socket isn't bound, and then it can't be
/// answered.
#[derive(Debug)]
pub struct UnixDatagram {
    /// First, as in [`UnixStream`].
    _file: Option<SocketFile>,
    source: DatagramSource<UnixAddress>,
    address: UnixAddress,
    is_shared: bool,
}

impl Transport for UnixStream {
    type Request = net::UnixStream;
    type Address = UnixAddress;

    fn get_request(&self) -> io::Result<(net::UnixStream, PeerAddress<Self>)> {
        let (stream, peer) = adopt::accept(&self.listener)?;
        Ok((stream.into(), UnixAddress::from(&peer)))
    }

    fn readiness(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    fn close_port(&self) -> io::Result<()> {
        Err(unsupported("a Unix socket that was shut down never listens again"))
    }

    fn server_address(&self) -> UnixAddress {
        self.address.clone()
    }

    fn server_activate(&self, request_queue_size: i32) -> io::Result<()> {
        self.listener.listen(request_queue_size)
    }

    fn shutdown_request(request: &mut net::UnixStream) {
        let how = if request.is_shared() { Shutdown::Both } else { Shutdown::Write };
        let _ = request.shutdown(how); // the client may be gone already
    }

    fn close_in_child(&self, child: &Child) {
        child.close_inherited(self.listener.as_fd());
    }
}

impl Transport for UnixDatagram {
    type Request = Datagram<UnixAddress>;
    type Address = UnixAddress;

    fn get_request(&self) -> io::Result<(Datagram<UnixAddress>, Option<UnixAddress>)> {
        self.source.receive()
    }

    fn readiness(&self) -> BorrowedFd<'_> {
        self.source.as_fd()
    }

    fn prefetch(&self) {
        self.source.prefetch();
    }

    fn end_waits(&self, end: bool) {
        self.source.end_waits(end);
    }

    fn has_prefetched(&self) -> bool {
        self.source.has_prefetched()
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    fn close_port(&self) -> io::Result<()> {
        Err(unsupported("a datagram socket that lets its name go can't have it back for sure"))
    }

    fn server_address(&self) -> UnixAddress {
        self.address.clone()
    }

    fn default_limit() -> Limit {
        Limit::none() // a datagram holds no descriptor
    }
}

#[diagnostic::do_not_recommend]
impl<A: Into<UnixAddress>> Bind<A> for UnixStream {
    fn server_bind(address: A, options: &BindOptions) -> Result<Self, ServerError> {
        let (listener, address, file) = bind(address.into(), Type::STREAM, options)?;
        Ok(UnixStream { listener, address, is_shared: false, _file: file })
    }
}

#[diagnostic::do_not_recommend]
impl<A: Into<UnixAddress>> Bind<A> for UnixDatagram {
    fn server_bind(address: A, options: &BindOptions) -> Result<Self, ServerError> {
        let (socket, address, file) = bind(address.into(), Type::DGRAM, options)?;
        let source = DatagramSource::new(socket, options.max_packet_size).max_prefetch(options.prefetch);
        Ok(UnixDatagram { source, address, is_shared: false, _file: file })
    }
}

impl UnixStream {
    /// Serves a listening socket that is already open. Its file is never removed.
    ///
    /// # Errors
    /// [`ServerError::Adopt`] if it isn't a listening Unix stream socket.
    pub fn from_fd(fd: impl Into<OwnedFd>) -> Result<Self, ServerError> {
        let (listener, address) = adopt::listener(fd.into(), Type::STREAM)?;
        adopt::unix(&listener, &address)?;
        Ok(UnixStream { address: UnixAddress::from(&address), listener, is_shared: true, _file: None })
    }
}

impl UnixDatagram {
    /// Serves a bound socket that is already open. Its file is never removed. Datagrams are received one by one, since other
    /// processes may be receiving from the same socket; see [`max_prefetch`](Self::max_prefetch).
    ///
    /// # Errors
    /// [`ServerError::Adopt`] if it isn't a bound Unix datagram socket.
    pub fn from_fd(fd: impl Into<OwnedFd>, max_packet_size: usize) -> Result<Self, ServerError> {
        let (socket, address) = adopt::listener(fd.into(), Type::DGRAM)?;
        adopt::unix(&socket, &address)?;
        adopt::bound(&socket, !address.is_unnamed())?;
        let source = DatagramSource::new(socket, max_packet_size).max_prefetch(1);
        let address = UnixAddress::from(&address);
        Ok(UnixDatagram { source, address, is_shared: true, _file: None })
    }

    /// How many datagrams are received by one system call: what the builder's `prefetch` says of a socket that is bound by it.
    pub fn max_prefetch(self, datagrams: usize) -> Self {
        UnixDatagram { source: self.source.max_prefetch(datagrams), ..self }
    }
}

fn bind(
    address: UnixAddress,
    kind: Type,
    options: &BindOptions,
) -> Result<(socket2::Socket, UnixAddress, Option<SocketFile>), ServerError> {
    let named = address.to_string();
    let raw =
        address.to_sock_addr().map_err(|source| ServerError::Resolve { address: named.clone(), source })?;
    let attempt = || {
        if options.allow_reuse_port {
            // Linux before 6.13 takes the option, and then refuses the second socket.
            return Err(rustix::io::Errno::OPNOTSUPP.into());
        }
        let socket = socket2::Socket::new(Domain::UNIX, kind, None)?;
        options.apply(&socket, false)?;
        if kind == Type::STREAM {
            socket.set_nonblocking(true)?;
        }
        let file = match address.as_path() {
            Some(path) => Some(SocketFile::bind(&socket, &raw, path)?),
            None => {
                socket.bind(&raw)?;
                None
            }
        };
        Ok((socket, file))
    };
    let (socket, file) = attempt().map_err(|source| ServerError::Bind { address: named, source })?;
    Ok((socket, address, file))
}
