//! Replies arrive, whatever else their clients have sent: clients that have sent it before they read.

mod bounds;
mod places;
mod replies;

use crate::{
    subject::{self, Subject},
    util::GUARD,
};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    io::{self, Read, Write},
    net::SocketAddr,
};

const MIXINS: [&str; 6] = ["sequential", "threading", "pool", "forking", "prefork", "reactor"];

/// What the server replies to each request.
const REPLY: usize = 65536;

/// What nobody reads.
const MORE: usize = 1 << 20;

/// A server, by a mix-in, with settings, over TCP.
struct House {
    server: Subject,
    address: SocketAddr,
}

impl House {
    fn open(mixin: &str, settings: &[&str]) -> House {
        let server = subject::start(&[&["linger", mixin, ""], settings].concat());
        let address = server.after("serving ").parse().unwrap();
        House { server, address }
    }

    /// Ends it. What it has counted: `accepted`, `completed`, `failed`, `refused`, `cut off`, `active`, `out`.
    #[track_caller]
    fn close(self) -> String {
        self.server.terminate();
        let (status, lines) = self.server.end();
        assert!(status.success(), "{status}: {lines:?}");
        lines.last().and_then(|it| it.strip_prefix("stats ")).expect("it says what it counted").to_owned()
    }
}

/// A client that takes so little at once that most of a reply is still with the server when the server is done.
struct Client(Socket);

impl Client {
    fn connect(address: SocketAddr) -> Client {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Client::over(socket, &address.into())
    }

    /// A client with another address, all of 127.0.0.0/8 being ours.
    fn connect_from(last: u8, address: SocketAddr) -> Client {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, last], 0)).into()).unwrap();
        Client::over(socket, &address.into())
    }

    fn over(socket: Socket, address: &SockAddr) -> Client {
        socket.set_read_timeout(Some(GUARD)).unwrap();
        socket.set_write_timeout(Some(GUARD)).unwrap();
        socket.connect(address).unwrap();
        Client(socket)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Sends a request, and more that isn't one.
    fn send_too_much(&mut self, request: &str) -> io::Result<()> {
        let mut bytes = format!("{request}\n").into_bytes();
        bytes.resize(bytes.len() + MORE, b'.');
        self.send(&bytes)
    }

    /// All that comes until the server's end, which must be one.
    fn rest(&mut self) -> io::Result<usize> {
        let mut reply = Vec::new();
        self.0.read_to_end(&mut reply)
    }
}
