//! One socket: a descriptor, its time limits, and what has passed through it.

mod datagrams;
mod streams;
mod time_limits;

use crate::{Address, Traffic, activity::AtomicActivity, time::Limits, unread::LastRead, wire::Meter};
use rustix::net::{RecvFlags, SendFlags};
use socket2::SockRef;
use std::{
    io,
    net::Shutdown,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
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
    pub(crate) meter: Meter,
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
