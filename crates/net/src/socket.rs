//! One socket: a descriptor, its time limits, and what has passed through it.

use crate::{
    Address, Deadline, Traffic, Wire, activity::AtomicActivity, time::Limits, unread::LastRead, wire::Meter,
};
use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags},
};
use socket2::SockRef;
use std::{
    io::{self, IoSlice},
    net::Shutdown,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    time::{Duration, Instant},
};

/// A socket with Python's vocabulary: what the typed sockets ([`TcpStream`](crate::TcpStream) and its like) have in common.
///
/// All methods take `&self`; a socket may be read by one thread and written by another. The descriptor is closed when
/// the value is dropped.
///
/// ```
/// use socketserver_net::TcpStream;
/// use std::{io::Read, net::TcpListener};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let client = TcpStream::connect(listener.local_addr()?)?;      // derefs to Socket
/// client.sendall(b"hello")?;
/// client.setsockopt(|options| options.set_keepalive(true))?;
/// assert!(client.getsockopt(|options| options.keepalive())?);
/// client.shutdown(std::net::Shutdown::Write)?;
///
/// let mut text = String::new();
/// listener.accept()?.0.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    pub(crate) limits: Limits,
    meter: Meter,
    pub(crate) activity: AtomicActivity,
    pub(crate) last_read: LastRead,
}

/// Never let a vanished peer kill the process with SIGPIPE, whatever the host program does with signals. Apple's systems have no such flag
/// but an option of the socket.
#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

impl Socket {
    /// Takes over an open descriptor, in blocking mode as far as this type is concerned (see [`settimeout`](Self::settimeout)).
    pub fn new(fd: impl Into<OwnedFd>) -> Self {
        let fd = fd.into();
        #[cfg(target_vendor = "apple")]
        let _ = SockRef::from(&fd).set_nosigpipe(true);
        Socket {
            fd,
            limits: Limits::none(),
            meter: Meter::default(),
            activity: AtomicActivity::default(),
            last_read: LastRead::default(),
        }
    }

    /// Receives what is there, up to `buf.len()` bytes, and says how many; 0 means that the peer has finished sending.
    ///
    /// # Errors
    /// [`TimedOut`](crate::TimedOut) if nothing came within the time limit, [`io::ErrorKind::WouldBlock`] in non-blocking mode, and what recv(2)
    /// reports. A signal doesn't interrupt it.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.patiently(Deadline::Read, |dont_wait| {
            rustix::net::recv(&self.fd, &mut *buf, recv_flags(dont_wait)).map(|(n, _)| n)
        })?;
        if n == 0 && !buf.is_empty() && self.is_cut() {
            return Err(io::ErrorKind::ConnectionAborted.into()); // the rest of a request, which a server that stops didn't let in
        }
        self.meter.add_in(n);
        self.last_read.note(n, buf.len(), self.meter.read().bytes_out);
        Ok(n)
    }

    /// Sends some of `data`, at least a byte, and says how many. See [`sendall`](Self::sendall).
    ///
    /// # Errors
    /// As [`recv`](Self::recv), from send(2).
    pub fn send(&self, data: &[u8]) -> io::Result<usize> {
        let n = self.patiently(Deadline::Write, |dont_wait| {
            rustix::net::send(&self.fd, data, send_flags(dont_wait))
        })?;
        self.meter.add_out(n);
        Ok(n)
    }

    /// [`send`](Self::send) from several pieces, in one system call.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let n = self.patiently(Deadline::Write, |dont_wait| {
            rustix::net::sendmsg(&self.fd, pieces, &mut Default::default(), send_flags(dont_wait))
        })?;
        self.meter.add_out(n);
        Ok(n)
    }

    /// Sends all of `data`. The time limit of [`settimeout`](Self::settimeout) holds for the whole, as in Python: a peer that takes a little
    /// now and then gains nothing by it.
    ///
    /// # Errors
    /// As [`send`](Self::send); part of the data may have been sent.
    pub fn sendall(&self, mut data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        let patience = self.limits.patience(Deadline::Write);
        loop {
            let n = self.with_patience(patience, Deadline::Write, |dont_wait| {
                rustix::net::send(&self.fd, data, send_flags(dont_wait))
            })?;
            self.meter.add_out(n);
            match (n, &data[n..]) {
                (0, _) => return Err(io::ErrorKind::WriteZero.into()),
                (_, []) => return Ok(()),
                (_, rest) => data = rest,
            }
            patience.check()?;
        }
    }

    /// Receives one datagram and the address of its sender. What doesn't fit in `buf` is lost.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recvfrom(&self, buf: &mut [u8]) -> io::Result<(usize, Address)> {
        let (n, from) = self.recv_datagram(buf)?;
        Ok((n, Address::from_raw(from)))
    }

    /// Sends one datagram to `address`.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`io::ErrorKind::InvalidInput`] for an address that can't be sent to.
    pub fn sendto(&self, data: &[u8], address: &Address) -> io::Result<usize> {
        let n = match address {
            Address::Inet(to) => self.send_datagram(data, to)?,
            Address::Unix(to) => self.send_datagram(data, &to.to_raw()?)?,
            other => {
                return Err(other.to_sock_addr().err().unwrap_or_else(|| io::ErrorKind::InvalidInput.into()));
            }
        };
        Ok(n)
    }

    pub(crate) fn recv_datagram(
        &self,
        buf: &mut [u8],
    ) -> io::Result<(usize, Option<rustix::net::SocketAddrAny>)> {
        let received = self.patiently(Deadline::Read, |dont_wait| {
            rustix::net::recvfrom(&self.fd, &mut *buf, recv_flags(dont_wait)).map(|(n, _, from)| (n, from))
        })?;
        self.meter.add_in(received.0);
        Ok(received)
    }

    /// Without waiting, whatever the time limits: for a server's loop, which waits by other means.
    pub(crate) fn recv_datagram_now(
        &self,
        buf: &mut [u8],
    ) -> io::Result<(usize, Option<rustix::net::SocketAddrAny>)> {
        loop {
            match rustix::net::recvfrom(&self.fd, &mut *buf, RecvFlags::DONTWAIT) {
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok((n, _, from)) => {
                    self.meter.add_in(n);
                    return Ok((n, from));
                }
            }
        }
    }

    /// By other means.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn count_received(&self, bytes: usize) {
        self.meter.add_in(bytes);
    }

    /// By other means.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn count_sent(&self, bytes: usize) {
        self.meter.add_out(bytes);
    }

    pub(crate) fn send_datagram(
        &self,
        data: &[u8],
        to: &impl rustix::net::addr::SocketAddrArg,
    ) -> io::Result<usize> {
        let n = self.patiently(Deadline::Write, |dont_wait| {
            rustix::net::sendto(&self.fd, data, send_flags(dont_wait), to)
        })?;
        self.meter.add_out(n);
        Ok(n)
    }

    /// Limits how long each read and each write may wait: `None` (the default) is for ever, zero is not at all (non-blocking
    /// mode), anything else ends in [`TimedOut`](crate::TimedOut). No system call; the descriptor itself stays in blocking mode.
    pub fn settimeout(&self, limit: Option<Duration>) {
        self.limits.set_read(limit);
        self.limits.set_write(limit);
    }

    /// The limit for reads, which is also that for writes unless they were set apart.
    pub fn gettimeout(&self) -> Option<Duration> {
        self.limits.read()
    }

    /// [`settimeout`](Self::settimeout) for reads alone.
    pub fn set_read_timeout(&self, limit: Option<Duration>) {
        self.limits.set_read(limit);
    }

    /// [`settimeout`](Self::settimeout) for writes alone.
    pub fn set_write_timeout(&self, limit: Option<Duration>) {
        self.limits.set_write(limit);
    }

    /// The limit for writes.
    pub fn write_timeout(&self) -> Option<Duration> {
        self.limits.write()
    }

    /// `setblocking(false)` is `settimeout(Some(Duration::ZERO))`, `setblocking(true)` is `settimeout(None)`, as in Python.
    pub fn setblocking(&self, blocking: bool) {
        self.settimeout((!blocking).then_some(Duration::ZERO));
    }

    /// Whether operations may wait at all.
    pub fn getblocking(&self) -> bool {
        self.gettimeout() != Some(Duration::ZERO)
    }

    /// An instant after which nothing waits any more, however short each operation is: a peer that sends a byte at a time
    /// can't outlive it. `None` (the default) removes it. It adds to [`settimeout`](Self::settimeout); the nearer one holds.
    pub fn set_deadline(&self, deadline: Option<(Instant, Deadline)>) {
        self.limits.set_deadline(deadline);
    }

    /// What [`set_deadline`](Self::set_deadline) has set.
    pub fn deadline(&self) -> Option<(Instant, Deadline)> {
        self.limits.deadline()
    }

    /// Shuts down the reading half, the writing half or both. Blocked operations of other threads return.
    ///
    /// # Errors
    /// What shutdown(2) reports, such as [`NotConnected`](io::ErrorKind::NotConnected) for a peer that reset the connection.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        SockRef::from(&self.fd).shutdown(how)
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// What getpeername(2) reports.
    pub fn getpeername(&self) -> io::Result<Address> {
        SockRef::from(&self.fd).peer_addr().map(|raw| Address::from(&raw))
    }

    /// The socket's own address.
    ///
    /// # Errors
    /// What getsockname(2) reports.
    pub fn getsockname(&self) -> io::Result<Address> {
        SockRef::from(&self.fd).local_addr().map(|raw| Address::from(&raw))
    }

    /// Sets options, by the typed setters of [`socket2`]: `s.setsockopt(|s| s.set_keepalive(true))`.
    ///
    /// # Errors
    /// What `set` returns.
    pub fn setsockopt<R>(&self, set: impl FnOnce(&SockRef<'_>) -> io::Result<R>) -> io::Result<R> {
        set(&SockRef::from(&self.fd))
    }

    /// Reads options, by the typed getters of [`socket2`]: `s.getsockopt(|s| s.recv_buffer_size())`.
    ///
    /// # Errors
    /// What `get` returns.
    pub fn getsockopt<R>(&self, get: impl FnOnce(&SockRef<'_>) -> io::Result<R>) -> io::Result<R> {
        get(&SockRef::from(&self.fd))
    }

    /// The number of the descriptor. Prefer [`AsFd`] where a lifetime is at hand.
    pub fn fileno(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// The bytes that were received and sent so far.
    pub fn traffic(&self) -> Traffic {
        self.meter.read()
    }
}

fn recv_flags(dont_wait: bool) -> RecvFlags {
    if dont_wait { RecvFlags::DONTWAIT } else { RecvFlags::empty() }
}

fn send_flags(dont_wait: bool) -> SendFlags {
    if dont_wait { NO_SIGNAL | SendFlags::DONTWAIT } else { NO_SIGNAL }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl Wire for Socket {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Socket::recv(self, buf)
    }
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        Socket::send(self, data)
    }
    fn send_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Socket::send_vectored(self, pieces)
    }
    fn sendall(&self, data: &[u8]) -> io::Result<()> {
        Socket::sendall(self, data)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Socket::shutdown(self, how)
    }
    fn socket(&self) -> Option<&Socket> {
        Some(self)
    }
    fn traffic(&self) -> Traffic {
        Socket::traffic(self)
    }
}
