//! A byte stream inside a sealed conversation.

use socketserver::auth::mutual::{SealError, Session};
use std::io::{self, Read, Write};

/// The longest frame's payload, in bytes: a piece of a reply, as it is read from a file, with the header in front of the first.
pub(super) const MAX_FRAME: u32 = 64 * 1024 + 16;

/// A stream whose bytes travel in sealed frames. Each write is a frame, and each read gives (a part of) one frame, so a command
/// that was written at once is read at once.
#[derive(Debug)]
pub struct Sealed<'a, S> {
    stream: S,
    session: &'a mut Session,
    frame: Vec<u8>,
    read: usize,
}

impl<'a, S: Read + Write> Sealed<'a, S> {
    /// Puts what follows on `stream` into frames of this session. Between two frames it may be dropped and made anew.
    pub fn new(stream: S, session: &'a mut Session) -> Self {
        Sealed { stream, session, frame: Vec::new(), read: 0 }
    }

    /// Tells the peer that there is no more to come. Without it the peer takes the end for a cut.
    ///
    /// # Errors
    /// What the stream fails with.
    pub fn close(mut self) -> io::Result<()> {
        Ok(self.session.send_close(&mut self.stream)?)
    }
}

impl<S: Read> Read for Sealed<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.read == self.frame.len() {
            match self.session.recv(&mut self.stream) {
                Ok(Some(frame)) => (self.frame, self.read) = (frame, 0),
                Ok(None) => return Ok(0),
                // Of the kind that servers don't report: the peer has gone without a word.
                Err(error @ SealError::Truncated) => {
                    return Err(io::Error::new(io::ErrorKind::ConnectionAborted, error));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let n = (&self.frame[self.read..]).read(buf)?;
        self.read += n;
        Ok(n)
    }
}

impl<S: Write> Write for Sealed<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(MAX_FRAME as usize);
        self.session.send(&mut self.stream, &bytes[..n])?;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
