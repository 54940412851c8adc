//! The streams that a server of this project hands to its handlers: the time that remains becomes their timeout.

use super::{HandshakeStream, Timeouts, remaining};
use socketserver_net::{Connection, Socket, TcpStream, UnixStream};
use std::io;
use std::time::Instant;

/// These set the timeout of each read and write, and leave alone a deadline that the server may have put on the whole
/// request: what comes first counts.
macro_rules! stream {
    ($($stream:ty: $socket:expr),*) => {$(
        impl HandshakeStream for $stream {
            fn set_read_deadline(&mut self, deadline: Instant) -> io::Result<()> {
                let remaining = remaining(deadline)?;
                if let Some(socket) = socket(self, $socket) {
                    socket.set_read_timeout(Some(remaining));
                }
                Ok(())
            }

            fn set_write_deadline(&mut self, deadline: Instant) -> io::Result<()> {
                let remaining = remaining(deadline)?;
                if let Some(socket) = socket(self, $socket) {
                    socket.set_write_timeout(Some(remaining));
                }
                Ok(())
            }

            fn save_timeouts(&self) -> io::Result<Timeouts> {
                let of = |socket: &Socket| Timeouts { read: socket.gettimeout(), write: socket.write_timeout() };
                Ok(socket(self, $socket).map_or_else(Timeouts::default, of))
            }

            fn restore_timeouts(&mut self, saved: Timeouts) -> io::Result<()> {
                if let Some(socket) = socket(self, $socket) {
                    socket.set_read_timeout(saved.read);
                    socket.set_write_timeout(saved.write);
                }
                Ok(())
            }
        }
    )*};
}

stream!(
    TcpStream: |stream| Some(stream),
    &TcpStream: |stream| Some(stream),
    UnixStream: |stream| Some(stream),
    &UnixStream: |stream| Some(stream),
    // One that lies on no socket has no timeouts: its deadline is checked between reads.
    Connection: |connection| connection.socket(),
    &Connection: |connection| connection.socket()
);

/// Gives the closure's argument its type.
fn socket<S>(stream: &S, socket: impl for<'s> FnOnce(&'s S) -> Option<&'s Socket>) -> Option<&Socket> {
    socket(stream)
}
