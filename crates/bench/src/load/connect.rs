//! Sockets of clients.

use crate::server::Target;
use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
};

/// Connects client number `index` to a server. On TCP clients come from many loopback addresses, in turn: each has ports of its own, so
/// that neither connections nor the TIME_WAITs of past ones exhaust them.
///
/// # Errors
/// If the server refuses, or descriptors run out.
pub fn connect(target: &Target, index: usize) -> io::Result<Socket> {
    match target {
        Target::Inet(address) => {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.bind(&source(index).into())?;
            socket.connect(&SockAddr::from(*address))?;
            Ok(socket)
        }
        Target::Unix(path) => {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.connect(&SockAddr::unix(path)?)?;
            Ok(socket)
        }
    }
}

/// 127.0.1.0 to 127.0.255.255, port 0.
fn source(index: usize) -> SocketAddr {
    let [_, _, high, low] = ((index % 0xff00 + 0x100) as u32).to_be_bytes();
    SocketAddrV4::new(Ipv4Addr::new(127, 0, high, low), 0).into()
}

/// What is there to be read; `None` if nothing is.
///
/// # Errors
/// What recv(2) reports.
pub fn receive(socket: &Socket, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match recv(socket, buffer, RecvFlags::DONTWAIT) {
        Ok((n, _)) => Ok(Some(n)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Sends all of `data`, which the socket has room for.
///
/// # Errors
/// What send(2) reports.
pub fn send_all(socket: &Socket, mut data: &[u8]) -> io::Result<()> {
    while !data.is_empty() {
        data = &data[send(socket, data, SendFlags::NOSIGNAL)?..];
    }
    Ok(())
}
