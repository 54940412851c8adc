//! Handshakes that a connection begins with.

/// Who says the first word of a [handshake](crate::Request::handshake).
///
/// ```
/// use socketserver_net::{Address, Connection, FirstWord, Request, StreamRequest, TcpStream};
/// use std::{io::{self, Read}, net::SocketAddr};
///
/// /// A connection whose client has to begin with the four bytes `PLAY`.
/// struct Player(TcpStream);
///
/// impl Request for Player {
///     type Address = SocketAddr;
///     fn connection(&self) -> Option<Connection> {
///         Some(StreamRequest::connection(self))
///     }
///     fn begins_with_handshake(&self) -> Option<FirstWord> {
///         Some(FirstWord::FromClient)
///     }
///     fn handshake(&mut self, _client_address: &mut SocketAddr) -> io::Result<()> {
///         let mut magic = [0; 4];
///         self.0.read_exact(&mut magic)?;                   // as slowly as it comes: the server has set a deadline
///         if &magic == b"PLAY" { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
///     }
/// }
/// impl StreamRequest for Player {
///     fn connection(&self) -> Connection {
///         StreamRequest::connection(&self.0)
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FirstWord {
    /// The client, as in TLS and the PROXY protocol: there is nothing to do before it has said something, and a reactor waits for that without a
    /// thread.
    FromClient,
    /// This side, as where a client is challenged to prove something.
    FromServer,
}
