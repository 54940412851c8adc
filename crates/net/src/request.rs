//! What a server hands to a handler.

use crate::{Address, Connection, FirstWord, Socket, Traffic};
use std::{
    fmt::Debug,
    io,
    time::{Duration, Instant},
};

/// One request: a connection, or a datagram. Python: the first value that `get_request()` returns.
pub trait Request: Send + 'static {
    /// How its peers are named: the second value, `client_address`.
    type Address: Clone + Debug + Into<Address> + Send + Sync + 'static;

    /// The connection it is about, by which the server lists it, measures it, and can end it. As provided: none.
    fn connection(&self) -> Option<Connection> {
        None
    }

    /// The bytes that have passed for it. As provided, those of its [`connection`](Self::connection).
    fn traffic(&self) -> Traffic {
        self.connection().map_or(Traffic::default(), |connection| connection.traffic())
    }

    /// Called before its handler is made, of a request without a [`connection`](Self::connection), which has time limits of its own: each reply
    /// may wait for so long, the server's `write_timeout`, and none beyond `end`, when its `request_timeout` is over. Not called where neither
    /// was said. As provided, does nothing.
    fn limit_replies(&mut self, _each: Option<Duration>, _end: Option<Instant>) {}

    /// Whether there is a [`handshake`](Self::handshake), and who begins. Asked once, before it. As provided there is none, which costs nothing.
    fn begins_with_handshake(&self) -> Option<FirstWord> {
        None
    }

    /// Agrees with the client on whether, or how, to talk: TLS, a PROXY header. Called where the handler will run, before it is made, so
    /// that nobody else waits for this client; under the server's `handshake_timeout`, which reads and writes of the
    /// [socket](Connection::socket) keep by themselves. `client_address` is who the connection came from; if it turns out to be somebody else, that is
    /// what the handler sees. As provided, does nothing.
    ///
    /// # Errors
    /// Any; the request is over then, with this error.
    fn handshake(&mut self, _client_address: &mut Self::Address) -> io::Result<()> {
        Ok(())
    }
}

/// A request that is a byte stream: TCP, Unix, TLS, an in-memory pipe, a type of your own.
///
/// `StreamRequestHandler` and `KeepAliveRequestHandler` run on any of them.
pub trait StreamRequest: Request {
    /// The stream, shared.
    fn connection(&self) -> Connection;
}

/// A request that is one datagram, and the socket to answer on.
///
/// `DatagramRequestHandler` runs on any of them.
pub trait DatagramRequest: Request {
    /// The bytes that came.
    fn packet(&self) -> &[u8];

    /// Whether there was more, which is lost.
    fn is_truncated(&self) -> bool;

    /// The server's own socket, which all its requests share.
    fn socket(&self) -> &Socket;

    /// A buffer to write a reply into; empty at first, and kept for later requests, so that replying doesn't allocate.
    fn reply_buffer(&mut self) -> &mut Vec<u8>;

    /// Sends `reply` to the datagram's sender.
    ///
    /// # Errors
    /// What sendto(2) reports; [`InvalidInput`](io::ErrorKind::InvalidInput) if the sender is unbound.
    fn reply(&self, to: &Self::Address, reply: &[u8]) -> io::Result<()>;
}
