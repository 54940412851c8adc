//! Any other stream, without a deadline of its own.

use super::HandshakeStream;
use std::io::{self, Read, Write};

/// Makes a [`HandshakeStream`] of any stream that can't be given a deadline.
///
/// The handshake still checks its deadline between reads, but can't interrupt one: use it for streams that
/// never block for long, such as in-memory ones, or that have a timeout of their own.
///
/// ```
/// use socketserver_auth::{Key, Untimed, oneway};
///
/// // A "server" that sends its challenge and never reads the answer.
/// let mut stream = Untimed::new(std::io::Cursor::new(vec![7; 64]));
/// oneway::Client::new(Key::new("secret")?).handshake(&mut stream)?;
/// assert_ne!(stream.into_inner().into_inner()[32..], [7; 32]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Untimed<S> {
    stream: S,
}

impl<S: Read + Write> Untimed<S> {
    /// Wraps the stream; pass `&mut stream` to keep it.
    pub fn new(stream: S) -> Self {
        Self { stream }
    }

    /// The stream again.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Read> Read for Untimed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl<S: Write> Write for Untimed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Read + Write> HandshakeStream for Untimed<S> {}
