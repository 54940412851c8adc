//! Clients that send datagrams.

use crate::{GUARD, Program};
use std::{io, net::UdpSocket, os::unix::net::UnixDatagram};

/// One that sends datagrams to a server, and awaits none longer than is reasonable.
#[derive(Debug)]
pub enum Sender {
    /// From a port.
    Udp(UdpSocket),
    /// From a file of its own, beside the server's.
    Unix(UnixDatagram),
}

impl Sender {
    /// To a server with `transport=udp` or `unixgram`; `name` is one that no other has.
    ///
    /// # Errors
    /// What making the socket fails with.
    pub fn to(server: &Program, name: &str) -> io::Result<Self> {
        if server.place.starts_with('/') {
            let socket = UnixDatagram::bind(format!("{}.{name}", server.place))?;
            socket.connect(&server.place)?;
            socket.set_read_timeout(Some(GUARD))?;
            socket.set_write_timeout(Some(GUARD))?;
            return Ok(Sender::Unix(socket));
        }
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(server.address)?;
        socket.set_read_timeout(Some(GUARD))?;
        Ok(Sender::Udp(socket))
    }

    /// Sends a datagram.
    ///
    /// # Errors
    /// What sending fails with.
    pub fn say(&self, word: &str) -> io::Result<()> {
        match self {
            Sender::Udp(socket) => socket.send(word.as_bytes()),
            Sender::Unix(socket) => socket.send(word.as_bytes()),
        }
        .map(drop)
    }

    /// The next reply.
    ///
    /// # Errors
    /// What receiving fails with.
    pub fn hear(&self) -> io::Result<String> {
        let mut buf = [0; 1000];
        let n = match self {
            Sender::Udp(socket) => socket.recv(&mut buf),
            Sender::Unix(socket) => socket.recv(&mut buf),
        }?;
        Ok(String::from_utf8_lossy(&buf[..n]).into_owned())
    }

    /// All replies that are there, by when the server has sent all that it is going to: on one machine what is sent has arrived.
    ///
    /// # Errors
    /// If the socket can't be told not to wait.
    pub fn all_that_is_there(&self) -> io::Result<Vec<String>> {
        match self {
            Sender::Udp(socket) => socket.set_nonblocking(true),
            Sender::Unix(socket) => socket.set_nonblocking(true),
        }?;
        Ok(std::iter::from_fn(|| self.hear().ok()).collect())
    }

    /// Whether the server sends a word back.
    pub fn echoes(&self, word: &str) -> bool {
        self.say(word).is_ok() && matches!(self.hear(), Ok(heard) if heard == word)
    }
}
