//! Sockets that are open already, and accepting on a listener.

use crate::ServerError;
use socket2::{SockAddr, Socket, Type};
use std::{
    io,
    net::SocketAddr,
    os::fd::{AsRawFd, OwnedFd},
};

/// Checks that a descriptor is a socket of the wanted type, and listening if it is a stream; makes it ready to serve.
pub(crate) fn listener(fd: OwnedFd, kind: Type) -> Result<(Socket, SockAddr), ServerError> {
    let descriptor = fd.as_raw_fd();
    let socket = Socket::from(fd);
    let check = || {
        if socket.r#type()? != kind {
            return Err(invalid("a socket of another type"));
        }
        if kind == Type::STREAM {
            #[cfg(not(target_vendor = "apple"))] // where it can't be asked, the first accept says so
            if !socket.is_listener()? {
                return Err(invalid("the socket doesn't listen"));
            }
            // Several processes may share it: the one that is late must not block in accept.
            socket.set_nonblocking(true)?;
        }
        socket.set_cloexec(true)?;
        socket.local_addr()
    };
    match check() {
        Ok(address) => Ok((socket, address)),
        Err(source) => Err(ServerError::Adopt { descriptor, source }),
    }
}

pub(crate) fn inet(socket: &Socket, address: &SockAddr) -> Result<SocketAddr, ServerError> {
    address.as_socket().ok_or_else(|| ServerError::Adopt {
        descriptor: socket.as_raw_fd(),
        source: invalid("not an Internet socket"),
    })
}

pub(crate) fn unix(socket: &Socket, address: &SockAddr) -> Result<(), ServerError> {
    if address.is_unix() {
        return Ok(());
    }
    Err(ServerError::Adopt { descriptor: socket.as_raw_fd(), source: invalid("not a Unix socket") })
}

/// A datagram socket that has no name of its own gets nothing.
pub(crate) fn bound(socket: &Socket, is_bound: bool) -> Result<(), ServerError> {
    if is_bound {
        return Ok(());
    }
    Err(ServerError::Adopt { descriptor: socket.as_raw_fd(), source: invalid("the socket isn't bound") })
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// accept(2), close-on-exec, the connection in blocking mode.
pub(crate) fn accept(listener: &Socket) -> io::Result<(OwnedFd, SockAddr)> {
    let (stream, peer) = listener.accept()?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    stream.set_nonblocking(false)?; // the BSDs let it inherit the listener's mode
    Ok((stream.into(), peer))
}
