//! TCP and UDP.

use crate::{
    AddressFamily, Bind, BindOptions, Limit, PeerAddress, ServerError, Transport, adopt,
    error::written,
    port::{Port, unsupported},
};
use socket2::{Domain, SockRef, Type};
use socketserver_net::{Datagram, DatagramSource, TcpStream};
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

/// Datagrams over UDP. Python: `UDPServer`.
///
/// Binds as [`Tcp`] does, without SO_REUSEADDR. A datagram that is longer than `max_packet_size` (8192 bytes by default) is
/// cut, and says so. A loop that runs requests one after another, or hands each to a thread, receives up to `prefetch` (16) datagrams
/// by one system call.
#[derive(Debug)]
pub struct Udp {
    source: DatagramSource,
    address: SocketAddr,
    /// For another one like it.
    options: BindOptions,
    is_shared: bool,
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
        let (stream, peer) = crate::adopt::accept(&self.listener)?;
        let peer = peer.as_socket().ok_or(io::ErrorKind::ConnectionAborted)?;
        Ok((stream.into(), peer))
    }

    fn readiness(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn backlog(&self) -> Option<usize> {
        socketserver_sys::queue_length(self.listener.as_fd()).ok()
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
        let another = Tcp::new(listener, self.address, self.options.clone(), self.address.port());
        another.server_activate(self.backlog.load(Relaxed))?;
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

impl Transport for Udp {
    type Request = Datagram;
    type Address = SocketAddr;

    fn get_request(&self) -> io::Result<(Datagram, SocketAddr)> {
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
        Err(unsupported("a datagram socket that lets its port go can't have it back for sure"))
    }

    fn server_address(&self) -> SocketAddr {
        self.address
    }

    fn default_limit() -> Limit {
        Limit::none() // a datagram holds no descriptor
    }

    fn another(&self) -> io::Result<Self> {
        let first = SockRef::from(self.source.socket());
        let socket = beside(&first, self.address, Type::DGRAM, &self.options)?;
        Ok(Udp::new(socket, self.address, self.options.clone()))
    }
}

#[diagnostic::do_not_recommend]
impl<A: ToSocketAddrs + Debug> Bind<A> for Tcp {
    fn server_bind(address: A, options: &BindOptions) -> Result<Self, ServerError> {
        let (listener, address, asked) = bind_first(address, Type::STREAM, true, options)?;
        Ok(Tcp::new(listener, address, options.clone(), asked))
    }
}

#[diagnostic::do_not_recommend]
impl<A: ToSocketAddrs + Debug> Bind<A> for Udp {
    fn server_bind(address: A, options: &BindOptions) -> Result<Self, ServerError> {
        let (socket, address, _) = bind_first(address, Type::DGRAM, false, options)?;
        Ok(Udp::new(socket, address, options.clone()))
    }
}

impl Tcp {
    /// `asked` is the port that was asked for, which may be 0.
    fn new(listener: socket2::Socket, address: SocketAddr, options: BindOptions, asked: u16) -> Self {
        let (backlog, port) = (AtomicI32::new(0), Port::bound_to(asked));
        Tcp { listener, address, options, backlog, is_shared: false, port }
    }

    /// Serves a listening socket that is already open, such as one that a supervisor passed down.
    ///
    /// # Errors
    /// [`ServerError::Adopt`] if it isn't a listening TCP socket.
    pub fn from_fd(fd: impl Into<OwnedFd>) -> Result<Self, ServerError> {
        let (listener, address) = adopt::listener(fd.into(), Type::STREAM)?;
        let address = adopt::inet(&listener, &address)?;
        Ok(Tcp { is_shared: true, ..Tcp::new(listener, address, BindOptions::default(), 0) })
    }
}

impl Udp {
    /// No UDP datagram is longer than 65,535 bytes, so larger buffers would be a waste.
    fn new(socket: impl Into<OwnedFd>, address: SocketAddr, options: BindOptions) -> Self {
        let source = DatagramSource::new(socket, options.max_packet_size.min(65_535));
        let source = source.max_prefetch(options.prefetch).gather_replies(options.gather_replies);
        Udp { source, address, options, is_shared: false }
    }

    /// Serves a bound socket that is already open, with datagrams of up to `max_packet_size` bytes. They are received one by one, since
    /// other processes may be receiving from the same socket; see [`max_prefetch`](Self::max_prefetch).
    ///
    /// # Errors
    /// [`ServerError::Adopt`] if it isn't a bound UDP socket.
    pub fn from_fd(fd: impl Into<OwnedFd>, max_packet_size: usize) -> Result<Self, ServerError> {
        let (socket, address) = adopt::listener(fd.into(), Type::DGRAM)?;
        let address = adopt::inet(&socket, &address)?;
        let options = BindOptions { max_packet_size, prefetch: 1, ..BindOptions::default() };
        Ok(Udp { is_shared: true, ..Udp::new(socket, address, options) })
    }

    /// How many datagrams are received by one system call: what the builder's `prefetch` says of a socket that is bound by it.
    pub fn max_prefetch(self, datagrams: usize) -> Self {
        let options = BindOptions { prefetch: datagrams, ..self.options };
        Udp { source: self.source.max_prefetch(datagrams), options, ..self }
    }
}

/// Binds to the first of the addresses that can be bound. Gives the port that was asked for, too, which may be 0.
fn bind_first<A: ToSocketAddrs + Debug>(
    address: A,
    kind: Type,
    reuse_address: bool,
    options: &BindOptions,
) -> Result<(socket2::Socket, SocketAddr, u16), ServerError> {
    let unresolved = |source| ServerError::Resolve { address: written(&address), source };
    let mut candidates: Vec<_> = address.to_socket_addrs().map_err(unresolved)?.collect();
    match options.address_family {
        Some(family) => candidates.retain(|it| it.is_ipv6() == (family == AddressFamily::Inet6)),
        None if options.dual_stack == Some(true) => candidates.sort_by_key(SocketAddr::is_ipv4),
        None => candidates.sort_by_key(SocketAddr::is_ipv6),
    }
    let mut failed = None;
    for candidate in candidates {
        match bind_one(candidate, kind, reuse_address, options) {
            Ok((socket, address)) => return Ok((socket, address, candidate.port())),
            Err(source) => failed = Some(ServerError::Bind { address: candidate.to_string(), source }),
        }
    }
    let none = || io::Error::new(io::ErrorKind::InvalidInput, "no address of the wanted family");
    Err(failed.unwrap_or_else(|| unresolved(none())))
}

/// Binds one more socket to the address of `first`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn beside(
    first: &SockRef<'_>,
    address: SocketAddr,
    kind: Type,
    options: &BindOptions,
) -> io::Result<socket2::Socket> {
    first.set_reuse_port(true)?; // of a socket that is bound already, too
    let dual_stack = if address.is_ipv6() { Some(!first.only_v6()?) } else { None };
    let options = BindOptions { allow_reuse_port: true, dual_stack, ..options.clone() };
    bind_one(address, kind, kind == Type::STREAM, &options).map(|(socket, _)| socket)
}

/// Elsewhere SO_REUSEPORT, where there is one, gives all clients to one of the sockets.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn beside(_: &SockRef<'_>, _: SocketAddr, _: Type, _: &BindOptions) -> io::Result<socket2::Socket> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "only Linux spreads clients over several sockets"))
}

fn bind_one(
    address: SocketAddr,
    kind: Type,
    reuse_address: bool,
    options: &BindOptions,
) -> io::Result<(socket2::Socket, SocketAddr)> {
    let socket = socket2::Socket::new(Domain::for_address(address), kind, None)?;
    if let (Some(dual_stack), true) = (options.dual_stack, address.is_ipv6()) {
        socket.set_only_v6(!dual_stack)?;
    }
    options.apply(&socket, reuse_address)?;
    if kind == Type::STREAM {
        socket.set_nonblocking(true)?; // a client that resets before accept must not leave the loop waiting in it
    }
    socket.bind(&address.into())?;
    let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::InvalidData)?;
    Ok((socket, address))
}
