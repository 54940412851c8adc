//! Datagram sockets, as clients use them; a server's are inside its transport.

use crate::{Address, Socket, UnixAddress};
use socket2::{Domain, Type};
use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    ops::Deref,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

/// A UDP socket: Python's `socket.socket(AF_INET, SOCK_DGRAM)`. `sendto` and `recvfrom` are those of [`Socket`], with
/// Internet addresses.
///
/// ```
/// use socketserver_net::UdpSocket;
///
/// let (a, b) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
/// a.sendto(b"ping", b.getsockname()?)?;
/// let mut buf = [0; 64];
/// let (n, from) = b.recvfrom(&mut buf)?;
/// assert_eq!((&buf[..n], from), (&b"ping"[..], a.getsockname()?));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct UdpSocket(Socket);

/// A Unix datagram socket: Python's `socket.socket(AF_UNIX, SOCK_DGRAM)`. One that expects answers must be bound.
///
/// ```
/// use socketserver_net::UnixDatagram;
///
/// let directory = tempfile::tempdir()?;
/// let here = UnixDatagram::bind(directory.path().join("here"))?;
/// let unbound = UnixDatagram::unbound()?;
/// unbound.sendto(b"log line", directory.path().join("here"))?;
/// let mut buf = [0; 64];
/// let (n, from) = here.recvfrom(&mut buf)?;
/// assert_eq!((&buf[..n], from), (&b"log line"[..], None));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct UnixDatagram(Socket);

impl UdpSocket {
    /// Binds to the first address that can be bound; port 0 lets the system choose one.
    ///
    /// # Errors
    /// The last address's error.
    pub fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(UdpSocket(Socket::new(std::net::UdpSocket::bind(address)?)))
    }

    /// Fixes the peer, so that `send` and `recv` can be used, and an unreachable peer is reported as
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused).
    ///
    /// # Errors
    /// The last address's error.
    pub fn connect(&self, address: impl ToSocketAddrs) -> io::Result<()> {
        let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no address to connect to");
        for address in address.to_socket_addrs()? {
            match self.0.setsockopt(|socket| socket.connect(&address.into())) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Sends one datagram.
    ///
    /// # Errors
    /// As [`Socket::sendto`], and [`InvalidInput`](io::ErrorKind::InvalidInput) if `address` resolves to none.
    pub fn sendto(&self, data: &[u8], address: impl ToSocketAddrs) -> io::Result<usize> {
        let address = address.to_socket_addrs()?.next();
        let address =
            address.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no address to send to"))?;
        self.0.send_datagram(data, &address)
    }

    /// Receives one datagram and its sender's address.
    ///
    /// # Errors
    /// As [`Socket::recvfrom`].
    pub fn recvfrom(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (n, from) = self.0.recvfrom(buf)?;
        Ok((n, from.as_inet().ok_or(io::ErrorKind::InvalidData)?))
    }

    /// The socket's own address.
    ///
    /// # Errors
    /// What getsockname(2) reports.
    pub fn getsockname(&self) -> io::Result<SocketAddr> {
        self.0.getsockname()?.as_inet().ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

impl UnixDatagram {
    /// Binds to a path, which must not exist, or to `@name`.
    ///
    /// # Errors
    /// What bind(2) reports, and the cases of [`UnixAddress::to_sock_addr`].
    pub fn bind(address: impl Into<UnixAddress>) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::UNIX, Type::DGRAM, None)?;
        socket.bind(&address.into().to_sock_addr()?)?;
        Ok(UnixDatagram(Socket::new(socket)))
    }

    /// A socket that can send but not be answered.
    ///
    /// # Errors
    /// What socket(2) reports.
    pub fn unbound() -> io::Result<Self> {
        Ok(UnixDatagram(Socket::new(socket2::Socket::new(Domain::UNIX, Type::DGRAM, None)?)))
    }

    /// Sends one datagram.
    ///
    /// # Errors
    /// As [`Socket::sendto`].
    pub fn sendto(&self, data: &[u8], address: impl Into<UnixAddress>) -> io::Result<usize> {
        self.0.send_datagram(data, &address.into().to_raw()?)
    }

    /// Receives one datagram, and its sender's address unless it is unbound.
    ///
    /// # Errors
    /// As [`Socket::recvfrom`].
    pub fn recvfrom(&self, buf: &mut [u8]) -> io::Result<(usize, Option<UnixAddress>)> {
        let (n, from) = self.0.recvfrom(buf)?;
        Ok(match from {
            Address::Unix(UnixAddress::Unnamed) | Address::Unbound => (n, None),
            Address::Unix(address) => (n, Some(address)),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        })
    }
}

/// What both share.
macro_rules! datagram_socket {
    ($Socket:ident, $Std:ty) => {
        impl Deref for $Socket {
            type Target = Socket;
            fn deref(&self) -> &Socket {
                &self.0
            }
        }
        impl From<OwnedFd> for $Socket {
            fn from(fd: OwnedFd) -> Self {
                $Socket(Socket::new(fd))
            }
        }
        impl From<$Std> for $Socket {
            fn from(std: $Std) -> Self {
                $Socket(Socket::new(std))
            }
        }
        impl AsFd for $Socket {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.as_fd()
            }
        }
    };
}
datagram_socket!(UdpSocket, std::net::UdpSocket);
datagram_socket!(UnixDatagram, std::os::unix::net::UnixDatagram);
