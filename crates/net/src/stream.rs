//! Connected byte streams: TCP and Unix.

use crate::{Address, Connection, Request, Socket, StreamRequest, UnixAddress};
use socket2::{Domain, Type};
use std::{
    io::{self, BufReader, IoSlice, Read, Write},
    net::{SocketAddr, ToSocketAddrs},
    ops::Deref,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
};

/// A TCP connection: what a handler on a TCP server gets as `cx.request`, and what a client makes by
/// [`connect`](Self::connect). Python: a connected socket.
///
/// Clones share the connection and its one descriptor, as names of one Python socket object do.
#[derive(Debug, Clone)]
pub struct TcpStream(Arc<Socket>);

/// A Unix stream connection, on a server or a client.
///
/// In the facade it is reached as `net::UnixStream`, since `UnixStream` alone is the transport there.
///
/// ```
/// use socketserver_net::UnixStream;
///
/// let (left, right) = std::os::unix::net::UnixStream::pair()?;
/// let (left, right) = (UnixStream::from(left), UnixStream::from(right));
/// left.sendall(b"over there")?;
/// let mut buf = [0; 64];
/// let n = right.recv(&mut buf)?;
/// assert_eq!(&buf[..n], b"over there");
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone)]
pub struct UnixStream(Arc<Socket>);

impl TcpStream {
    /// Connects to the first address that accepts, as `socket.create_connection` does.
    ///
    /// # Errors
    /// The last address's error, or [`InvalidInput`](io::ErrorKind::InvalidInput) if `address` resolves to none.
    pub fn connect(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(OwnedFd::from(std::net::TcpStream::connect(address)?).into())
    }

    /// The peer's address.
    ///
    /// # Errors
    /// What getpeername(2) reports.
    pub fn getpeername(&self) -> io::Result<SocketAddr> {
        self.0.getpeername()?.as_inet().ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The address of this end.
    ///
    /// # Errors
    /// What getsockname(2) reports.
    pub fn getsockname(&self) -> io::Result<SocketAddr> {
        self.0.getsockname()?.as_inet().ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

impl UnixStream {
    /// Connects to a path, or to `@name` in Linux's abstract namespace.
    ///
    /// # Errors
    /// What socket(2) and connect(2) report, and the cases of [`UnixAddress::to_sock_addr`].
    pub fn connect(address: impl Into<UnixAddress>) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.connect(&address.into().to_sock_addr()?)?;
        Ok(OwnedFd::from(socket).into())
    }

    /// The peer's address.
    ///
    /// # Errors
    /// What getpeername(2) reports.
    pub fn getpeername(&self) -> io::Result<UnixAddress> {
        unix(self.0.getpeername()?)
    }

    /// The address of this end.
    ///
    /// # Errors
    /// What getsockname(2) reports.
    pub fn getsockname(&self) -> io::Result<UnixAddress> {
        unix(self.0.getsockname()?)
    }
}

fn unix(address: Address) -> io::Result<UnixAddress> {
    match address {
        Address::Unix(address) => Ok(address),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// What the two have in common. They stay two types, so that a handler's signature and a compiler's message name them.
macro_rules! stream {
    ($Stream:ident, $Address:ty, $Std:ty) => {
        impl $Stream {
            /// A buffered reader over the connection, as Python's `makefile('rb')`.
            pub fn makefile(&self) -> BufReader<&Self> {
                BufReader::new(self)
            }

            /// Whether somebody else holds a view of this connection.
            pub fn is_shared(&self) -> bool {
                Arc::strong_count(&self.0) > 1
            }
        }
        impl Request for $Stream {
            type Address = $Address;

            fn connection(&self) -> Option<Connection> {
                Some(StreamRequest::connection(self))
            }
        }
        impl StreamRequest for $Stream {
            fn connection(&self) -> Connection {
                Connection::new(self.0.clone())
            }
        }
        impl Deref for $Stream {
            type Target = Socket;
            fn deref(&self) -> &Socket {
                &self.0
            }
        }
        impl From<OwnedFd> for $Stream {
            fn from(fd: OwnedFd) -> Self {
                $Stream(Arc::new(Socket::new(fd)))
            }
        }
        impl From<$Std> for $Stream {
            fn from(std: $Std) -> Self {
                OwnedFd::from(std).into()
            }
        }
        impl AsFd for $Stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.as_fd()
            }
        }
        impl Read for &$Stream {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.recv(buf)
            }
        }
        impl Write for &$Stream {
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
        impl Read for $Stream {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0.recv(buf)
            }
        }
        impl Write for $Stream {
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
    };
}
stream!(TcpStream, SocketAddr, std::net::TcpStream);
stream!(UnixStream, UnixAddress, std::os::unix::net::UnixStream);
