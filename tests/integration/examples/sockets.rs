//! Clients of any family, by address: what an example says after `listening on`.

use crate::util::GUARD;
use socket2::{Domain, SockAddr, Socket, Type};
use std::{net::SocketAddr, path::Path};

/// A connection to a server.
pub(super) fn connect(address: &str) -> Socket {
    let socket = open(address, Type::STREAM);
    socket.connect(&resolve(address)).expect("the server listens");
    socket
}

/// A socket that exchanges datagrams with a server; `own` is a path for it if the server is on a Unix socket.
pub(super) fn datagram_socket(address: &str, own: &Path) -> Socket {
    let socket = open(address, Type::DGRAM);
    if address.parse::<SocketAddr>().is_err() {
        socket.bind(&SockAddr::unix(own).expect("a short path")).expect("a free path");
    }
    socket.connect(&resolve(address)).expect("the server listens");
    socket
}

fn open(address: &str, kind: Type) -> Socket {
    let domain = address.parse().map_or(Domain::UNIX, Domain::for_address);
    let socket = Socket::new(domain, kind, None).expect("a socket");
    socket.set_read_timeout(Some(GUARD)).expect("a valid limit");
    socket.set_write_timeout(Some(GUARD)).expect("a valid limit");
    socket
}

fn resolve(address: &str) -> SockAddr {
    match address.parse::<SocketAddr>() {
        Ok(inet) => inet.into(),
        Err(_) => SockAddr::unix(address.replacen('@', "\0", 1)).expect("a short path"),
    }
}
