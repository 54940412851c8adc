//! Clients that put up with what their servers do.

use crate::util::GUARD;
use socket2::{Domain, SockAddr, Socket, Type};
use socketserver::{Address, TcpStream};
use std::{
    io,
    io::Read,
    net::{Ipv4Addr, Shutdown, SocketAddr},
    os::fd::OwnedFd,
};

/// Connects to a server over TCP; reading from it doesn't hang for ever.
#[track_caller]
pub(crate) fn connect(server: impl Into<Address>) -> TcpStream {
    let address = server.into().as_inet().expect("an Internet address");
    let client = TcpStream::connect(address).expect("the server listens");
    client.settimeout(Some(GUARD));
    client
}

/// A client with another address, all of 127.0.0.0/8 being ours.
#[track_caller]
pub(crate) fn connect_from(last: u8, server: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)))).unwrap();
    socket.connect(&server.into()).unwrap();
    let client = TcpStream::from(OwnedFd::from(socket));
    client.settimeout(Some(GUARD));
    client
}

/// What comes until the server ends the connection, be it by a reset.
#[track_caller]
pub(crate) fn rest(mut client: TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    match client.read_to_end(&mut answer) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => panic!("{error}"),
        _ => answer,
    }
}

/// What a server answers to `question`.
#[track_caller]
pub(crate) fn visit(server: impl Into<Address>, question: &[u8]) -> Vec<u8> {
    let client = connect(server);
    client.sendall(question).expect("there is room in the socket's buffer");
    let _ = client.shutdown(Shutdown::Write); // it may be over
    rest(client)
}
