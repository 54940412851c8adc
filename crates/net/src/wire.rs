//! What a byte stream must offer so that `rfile` and `wfile` can lie on top of it.

use crate::{Shown, Socket};
use std::{
    fmt,
    io::{self, IoSlice},
    net::Shutdown,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// A byte stream that is shared by those who read and those who write: a socket, TLS over one, a pipe in memory.
///
/// It is implemented by transports; handlers see it as a [`Connection`](crate::Connection). All methods take `&self` and
/// may be called from two threads, one that receives and one that sends.
pub trait Wire: Send + Sync + 'static {
    /// Receives up to `buf.len()` bytes; 0 means that the peer has finished.
    ///
    /// # Errors
    /// Whatever went wrong; [`is_disconnect`](crate::is_disconnect) tells a peer that went away from the rest.
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize>;

    /// Sends some of `data`, at least a byte.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    fn send(&self, data: &[u8]) -> io::Result<usize>;

    /// [`send`](Self::send) from several pieces. As provided, sends from the first that isn't empty.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    fn send_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.send(pieces.iter().find(|piece| !piece.is_empty()).map_or(&[], |piece| piece))
    }

    /// Sends all of `data`. As provided, [sends](Self::send) again and again; a wire on a socket sees to it that the socket's time limit
    /// holds for the whole, as [`Socket::sendall`] does.
    ///
    /// # Errors
    /// As [`send`](Self::send); part of the data may have been sent.
    fn sendall(&self, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            match self.send(data)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => data = &data[n..],
            }
        }
        Ok(())
    }

    /// Ends the stream in one direction or both. What blocks on it in another thread must return: this is how a server
    /// closes a connection whose handler overstays.
    ///
    /// # Errors
    /// If there is nothing to shut down any more.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;

    /// The socket at the bottom, if there is one: time limits, options and readiness are its. As provided, there is none.
    ///
    /// Between two requests of a keep-alive connection a reactor waits for the socket alone. A wire that has more from there than it has
    /// [given out](Self::recv), such as TLS, whose records it takes whole, must not leave it at that: the buffer of `rfile` (the handler's `rbufsize`)
    /// has to be as large as what it may have. Or it has no socket here, and is served by a thread.
    fn socket(&self) -> Option<&Socket> {
        None
    }

    /// The bytes that have passed. As provided, those of [`socket`](Self::socket).
    fn traffic(&self) -> Traffic {
        self.socket().map(Socket::traffic).unwrap_or_default()
    }
}

impl fmt::Debug for dyn Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("socket", &self.socket()).finish_non_exhaustive()
    }
}

/// The bytes that have passed through a socket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes handed to the kernel to send.
    pub bytes_out: u64,
}

/// Counts [`Traffic`].
#[derive(Debug, Default)]
pub(crate) struct Meter {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// In a child that serves the socket for its parent. In a box, since few sockets have it.
    pub(crate) shown: OnceLock<Box<Shown>>,
}

impl Meter {
    pub(crate) fn add_in(&self, n: usize) {
        self.bytes_in.fetch_add(n as u64, Relaxed);
        self.show();
    }
    pub(crate) fn add_out(&self, n: usize) {
        self.bytes_out.fetch_add(n as u64, Relaxed);
        self.show();
    }
    pub(crate) fn read(&self) -> Traffic {
        Traffic { bytes_in: self.bytes_in.load(Relaxed), bytes_out: self.bytes_out.load(Relaxed) }
    }
    #[inline]
    fn show(&self) {
        if let Some(shown) = self.shown.get() {
            shown.set_traffic(self.read());
        }
    }
}
