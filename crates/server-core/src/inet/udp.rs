//! UDP.

use super::{beside, bind_first};
use crate::{Bind, BindOptions, Limit, ServerError, Transport, adopt, port::unsupported};
use socket2::{SockRef, Type};
use socketserver_net::{Datagram, DatagramSource};
use std::{
    fmt::Debug,
    io,
    net::{SocketAddr, ToSocketAddrs},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

/// Datagrams over UDP. Python: `UDPServer`.
///
/// Binds as [`Tcp`](crate::Tcp) does, without SO_REUSEADDR. A datagram that is longer than `max_packet_size` (8192 bytes by default) is
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
impl<A: ToSocketAddrs + Debug> Bind<A> for Udp {
    fn server_bind(address: A, options: &BindOptions) -> Result<Self, ServerError> {
        let (socket, address, _) = bind_first(address, Type::DGRAM, false, options)?;
        Ok(Udp::new(socket, address, options.clone()))
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
        adopt::bound(&socket, address.port() != 0)?;
        let options = BindOptions { max_packet_size, prefetch: 1, ..BindOptions::default() };
        Ok(Udp { is_shared: true, ..Udp::new(socket, address, options) })
    }

    /// How many datagrams are received by one system call: what the builder's `prefetch` says of a socket that is bound by it.
    pub fn max_prefetch(self, datagrams: usize) -> Self {
        let options = BindOptions { prefetch: datagrams, ..self.options };
        Udp { source: self.source.max_prefetch(datagrams), options, ..self }
    }
}
