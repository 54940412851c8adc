//! The receiving side of a sealed conversation.

use super::frame::{self, HEADER, Kind, SealError, TAG};
use super::proof::Parts;
use super::sealer::tag;
use std::fmt;
use std::io::{self, ErrorKind, Read};

/// Opens sealed frames: the receiving half of a [`Session`](super::Session), which has examples.
pub struct Opener {
    key: Parts,
    /// The number that the next frame must have; `None` once the conversation is over.
    next: Option<u64>,
    limit: u32,
}

impl Opener {
    pub(super) fn new(key: Parts) -> Self {
        Self { key, next: Some(0), limit: frame::DEFAULT_MAX_PAYLOAD }
    }

    pub(super) fn limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Opens the conversation's next frame, which must be whole and alone, and gives its payload; `None` is the peer's close
    /// frame.
    ///
    /// # Errors
    /// [`SealError::Tampered`], [`SealError::Truncated`] if bytes are missing, [`SealError::TooLong`]. After any of them
    /// every further call says [`SealError::Over`], as it does after the close frame.
    pub fn open<'f>(&mut self, frame: &'f [u8]) -> Result<Option<&'f [u8]>, SealError> {
        let number = self.next.take().ok_or(SealError::Over)?;
        let (header, rest) = frame.split_first_chunk::<HEADER>().ok_or(SealError::Truncated)?;
        let (kind, length) = frame::parse_header(*header, self.limit)?;
        self.verified(number, kind, length, rest)
    }

    /// Reads and opens one frame, and no byte more; `None` is the peer's close frame. Memory grows with what arrives, not with
    /// what is announced.
    ///
    /// Set timeouts on the stream. One that strikes between frames may be retried; in the middle of a frame it
    /// ends the conversation.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`SealError::Io`]. A stream that ends without a close frame is [`SealError::Truncated`].
    pub fn recv<R: Read + ?Sized>(&mut self, reader: &mut R) -> Result<Option<Vec<u8>>, SealError> {
        let number = self.next.take().ok_or(SealError::Over)?;
        let mut header = [0; HEADER];
        let started = match read_some(reader, &mut header) {
            Ok(0) => return Err(SealError::Truncated),
            Ok(started) => started,
            Err(error) => {
                // Nothing is lost yet: the peer was merely idle.
                self.next = Some(number);
                return Err(error.into());
            }
        };
        reader.read_exact(&mut header[started..]).map_err(cut)?;
        let (kind, length) = frame::parse_header(header, self.limit)?;
        let mut body = Vec::new();
        reader.take(u64::from(length) + TAG as u64).read_to_end(&mut body).map_err(cut)?;
        let payload = self.verified(number, kind, length, &body)?.map(<[u8]>::len);
        Ok(payload.map(|length| {
            body.truncate(length);
            body
        }))
    }

    /// Payload and tag, verified; only then does the conversation go on.
    fn verified<'f>(
        &mut self,
        number: u64,
        kind: Kind,
        length: u32,
        body: &'f [u8],
    ) -> Result<Option<&'f [u8]>, SealError> {
        let (payload, tagged) = body.split_at_checked(length as usize).ok_or(SealError::Truncated)?;
        if tagged.len() < TAG {
            return Err(SealError::Truncated);
        }
        if !tag(&self.key, number, kind, payload).matches(tagged) {
            return Err(SealError::Tampered);
        }
        match kind {
            Kind::Data => {
                self.next = number.checked_add(1);
                Ok(Some(payload))
            }
            Kind::Close => Ok(None),
        }
    }
}

/// One read that delivers something, or the end.
fn read_some<R: Read + ?Sized>(reader: &mut R, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // No trust in a reader that claims more than there was room for.
            read => return read.map(|n| n.min(buffer.len())),
        }
    }
}

fn cut(error: io::Error) -> SealError {
    if error.kind() == ErrorKind::UnexpectedEof { SealError::Truncated } else { SealError::Io(error) }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("next", &self.next).field("limit", &self.limit).finish_non_exhaustive()
    }
}
