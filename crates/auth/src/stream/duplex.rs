//! Two halves as one stream.

use super::{HandshakeStream, Timeouts};
use std::fmt;
use std::io::{self, Read, Write};
use std::time::Instant;

/// A reading and a writing half as one stream: a handler's `rfile` and `wfile`.
///
/// Buffered halves are fine: a handshake flushes what it writes and reads no byte too many.
/// Halves have no timeouts that this type could see; [`with_deadline`](Duplex::with_deadline) says how to set them. Without it
/// the deadline is only checked between reads.
///
/// ```
/// use socketserver_auth::{Duplex, Key, oneway};
/// use std::io::{BufReader, BufWriter};
/// use std::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let client = TcpStream::connect(listener.local_addr()?)?;
/// let (request, _) = listener.accept()?;
/// let key = Key::new("secret")?;
/// let server = oneway::Server::new(key.clone());
///
/// let handler = std::thread::spawn(move || {
///     let mut rfile = BufReader::new(&request);
///     let mut wfile = BufWriter::new(&request);
///     // `None` says that the handshake is over.
///     let mut stream = Duplex::new(&mut rfile, &mut wfile).with_deadline(|deadline| {
///         let left = deadline.map(|at| at.saturating_duration_since(std::time::Instant::now()));
///         request.set_read_timeout(left)?;
///         request.set_write_timeout(left)
///     });
///     server.handshake(&mut stream).is_ok()
/// });
/// oneway::Client::new(key).handshake(&mut &client)?;
/// assert!(handler.join().unwrap());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Duplex<R, W, F = NoDeadline> {
    reader: R,
    writer: W,
    deadline: F,
}

/// The hook of a [`Duplex`] that has none.
type NoDeadline = fn(Option<Instant>) -> io::Result<()>;

impl<R: Read, W: Write> Duplex<R, W> {
    /// Joins the halves. Pass `&mut rfile, &mut wfile` to keep them.
    pub fn new(reader: R, writer: W) -> Self {
        Self { reader, writer, deadline: |_| Ok(()) }
    }
}

impl<R, W, F> Duplex<R, W, F> {
    /// Sets the hook that bounds both halves: called with `Some(deadline)` before every read, write and flush, and with `None`
    /// when the handshake is over. An error from it fails the handshake.
    pub fn with_deadline<G>(self, hook: G) -> Duplex<R, W, G>
    where
        G: FnMut(Option<Instant>) -> io::Result<()>,
    {
        Duplex { reader: self.reader, writer: self.writer, deadline: hook }
    }

    /// The halves again.
    pub fn into_inner(self) -> (R, W) {
        (self.reader, self.writer)
    }
}

impl<R: Read, W, F> Read for Duplex<R, W, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl<R, W: Write, F> Write for Duplex<R, W, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl<R, W, F> HandshakeStream for Duplex<R, W, F>
where
    R: Read,
    W: Write,
    F: FnMut(Option<Instant>) -> io::Result<()>,
{
    fn set_read_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        (self.deadline)(Some(deadline))
    }

    fn set_write_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        (self.deadline)(Some(deadline))
    }

    fn restore_timeouts(&mut self, _: Timeouts) -> io::Result<()> {
        (self.deadline)(None)
    }
}

impl<R, W, F> fmt::Debug for Duplex<R, W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duplex").finish_non_exhaustive()
    }
}
