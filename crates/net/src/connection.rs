//! A byte stream without its type.

use crate::{Address, Deadline, Socket, Traffic, Wire};
use socket2::SockRef;
use std::{
    fmt,
    io::{self, IoSlice, Read, Write},
    net::Shutdown,
    os::fd::RawFd,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

/// A connection with a client, whatever lies beneath: what Python's stream handlers call `self.connection`.
///
/// The one place where streams lose their type. `rfile` and `wfile` are views of it, and clones are too: no descriptor is
/// duplicated, and it is closed when the last view goes. The server ends the stream when its handler has ended, so a
/// view that was kept longer reads end-of-file and fails to write.
///
/// ```
/// use socketserver_net::{Connection, StreamRequest, TcpStream};
/// use std::{io::Read, net::TcpListener};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let client = TcpStream::connect(listener.local_addr()?)?;
/// let connection: Connection = client.connection();
/// connection.sendall(b"hi")?;
/// connection.shutdown(std::net::Shutdown::Write)?;
/// assert_eq!(connection.fileno(), client.fileno(), "one descriptor");
///
/// let mut text = String::new();
/// listener.accept()?.0.read_to_string(&mut text)?;
/// assert_eq!(text, "hi");
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Connection(Arc<dyn Wire>);

impl Connection {
    /// Shares `wire`.
    pub fn new(wire: Arc<dyn Wire>) -> Self {
        Connection(wire)
    }

    /// Receives up to `buf.len()` bytes; 0 means that the peer has finished sending. See [`Socket::recv`].
    ///
    /// # Errors
    /// As [`Socket::recv`], or what another kind of wire reports.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf)
    }

    /// Sends some of `data`, at least a byte.
    ///
    /// # Errors
    /// As [`Socket::send`], or what another kind of wire reports.
    pub fn send(&self, data: &[u8]) -> io::Result<usize> {
        self.0.send(data)
    }

    /// Sends all of `data`.
    ///
    /// # Errors
    /// As [`Socket::sendall`], or what another kind of wire reports.
    pub fn sendall(&self, data: &[u8]) -> io::Result<()> {
        self.0.sendall(data)
    }

    /// Ends one direction or both.
    ///
    /// # Errors
    /// As [`Socket::shutdown`].
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    /// The socket beneath, with the whole vocabulary; `None` where there is none.
    pub fn socket(&self) -> Option<&Socket> {
        self.0.socket()
    }

    /// See [`Socket::settimeout`]. Without a socket beneath there are no time limits, and this does nothing.
    pub fn settimeout(&self, limit: Option<Duration>) {
        self.with_socket(|socket| socket.settimeout(limit));
    }

    /// See [`Socket::gettimeout`].
    pub fn gettimeout(&self) -> Option<Duration> {
        self.socket().and_then(Socket::gettimeout)
    }

    /// See [`Socket::set_read_timeout`].
    pub fn set_read_timeout(&self, limit: Option<Duration>) {
        self.with_socket(|socket| socket.set_read_timeout(limit));
    }

    /// See [`Socket::set_write_timeout`].
    pub fn set_write_timeout(&self, limit: Option<Duration>) {
        self.with_socket(|socket| socket.set_write_timeout(limit));
    }

    /// See [`Socket::write_timeout`].
    pub fn write_timeout(&self) -> Option<Duration> {
        self.socket().and_then(Socket::write_timeout)
    }

    /// See [`Socket::setblocking`].
    pub fn setblocking(&self, blocking: bool) {
        self.with_socket(|socket| socket.setblocking(blocking));
    }

    /// See [`Socket::set_deadline`].
    pub fn set_deadline(&self, deadline: Option<(Instant, Deadline)>) {
        self.with_socket(|socket| socket.set_deadline(deadline));
    }

    /// See [`Socket::deadline`].
    pub fn deadline(&self) -> Option<(Instant, Deadline)> {
        self.socket().and_then(Socket::deadline)
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// As [`Socket::getpeername`], and [`Unsupported`](io::ErrorKind::Unsupported) without a socket.
    pub fn getpeername(&self) -> io::Result<Address> {
        self.try_socket()?.getpeername()
    }

    /// The address of this end.
    ///
    /// # Errors
    /// As [`Socket::getsockname`], and [`Unsupported`](io::ErrorKind::Unsupported) without a socket.
    pub fn getsockname(&self) -> io::Result<Address> {
        self.try_socket()?.getsockname()
    }

    /// See [`Socket::setsockopt`].
    ///
    /// # Errors
    /// As there, and [`Unsupported`](io::ErrorKind::Unsupported) without a socket.
    pub fn setsockopt<R>(&self, set: impl FnOnce(&SockRef<'_>) -> io::Result<R>) -> io::Result<R> {
        self.try_socket()?.setsockopt(set)
    }

    /// See [`Socket::getsockopt`].
    ///
    /// # Errors
    /// As there, and [`Unsupported`](io::ErrorKind::Unsupported) without a socket.
    pub fn getsockopt<R>(&self, get: impl FnOnce(&SockRef<'_>) -> io::Result<R>) -> io::Result<R> {
        self.try_socket()?.getsockopt(get)
    }

    /// The number of the descriptor, or −1 where there is none.
    pub fn fileno(&self) -> RawFd {
        self.socket().map_or(-1, Socket::fileno)
    }

    /// The bytes that have passed.
    pub fn traffic(&self) -> Traffic {
        self.0.traffic()
    }

    /// A view that doesn't keep the connection open, for lists of connections.
    pub fn downgrade(&self) -> Weak<dyn Wire> {
        Arc::downgrade(&self.0)
    }

    fn with_socket(&self, change: impl FnOnce(&Socket)) {
        if let Some(socket) = self.socket() {
            change(socket);
        }
    }

    fn try_socket(&self) -> io::Result<&Socket> {
        self.socket().ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, "not a socket"))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.0).finish()
    }
}

impl Read for &Connection {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf)
    }
}
impl Write for &Connection {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.send(data)
    }
    fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        self.0.sendall(data)
    }
    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.send_vectored(pieces)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
impl Read for Connection {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf)
    }
}
impl Write for Connection {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.send(data)
    }
    fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        self.0.sendall(data)
    }
    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.send_vectored(pieces)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
