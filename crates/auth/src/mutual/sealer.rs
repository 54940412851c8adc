//! The sending side of a sealed conversation.

use super::frame::{self, Kind, OVERHEAD, SealError};
use super::proof::Parts;
use std::fmt;
use std::io::Write;

/// Seals frames: the sending half of a [`Session`](super::Session), which has examples.
pub struct Sealer {
    key: Parts,
    /// The next frame's number; `None` once the conversation is over.
    next: Option<u64>,
    limit: u32,
}

impl Sealer {
    pub(super) fn new(key: Parts) -> Self {
        Self { key, next: Some(0), limit: frame::DEFAULT_MAX_PAYLOAD }
    }

    pub(super) fn limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Seals the payload as the conversation's next frame. The frame must be sent, and frames in the order of sealing.
    ///
    /// # Errors
    /// [`SealError::TooLong`], after which others may be sealed; [`SealError::Over`].
    pub fn seal(&mut self, payload: &[u8]) -> Result<Vec<u8>, SealError> {
        self.frame(Kind::Data, payload)
    }

    /// Seals the close frame, the last of this direction.
    ///
    /// # Errors
    /// [`SealError::Over`].
    pub fn seal_close(&mut self) -> Result<Vec<u8>, SealError> {
        let frame = self.frame(Kind::Close, &[]);
        self.next = None;
        frame
    }

    /// Seals, writes and flushes.
    ///
    /// # Errors
    /// As [`seal`](Self::seal), and [`SealError::Io`].
    pub fn send<W: Write + ?Sized>(&mut self, writer: &mut W, payload: &[u8]) -> Result<(), SealError> {
        let frame = self.seal(payload)?;
        self.write(writer, &frame)
    }

    /// Tells the peer that this direction is finished.
    ///
    /// # Errors
    /// As [`seal_close`](Self::seal_close), and [`SealError::Io`].
    pub fn send_close<W: Write + ?Sized>(&mut self, writer: &mut W) -> Result<(), SealError> {
        let frame = self.seal_close()?;
        self.write(writer, &frame)
    }

    fn write<W: Write + ?Sized>(&mut self, writer: &mut W, frame: &[u8]) -> Result<(), SealError> {
        let written = writer.write_all(frame).and_then(|()| writer.flush());
        if written.is_err() {
            // Half a frame may be out; another one after it would only confuse the peer.
            self.next = None;
        }
        Ok(written?)
    }

    fn frame(&mut self, kind: Kind, payload: &[u8]) -> Result<Vec<u8>, SealError> {
        let number = self.next.ok_or(SealError::Over)?;
        let length = match u32::try_from(payload.len()) {
            Ok(length) if length <= self.limit => length,
            _ => return Err(SealError::TooLong { length: payload.len() as u64, limit: self.limit }),
        };
        // Never a number twice: after the last one the conversation is over.
        self.next = number.checked_add(1);
        let mut frame = Vec::with_capacity(payload.len() + OVERHEAD);
        frame.extend_from_slice(&frame::header(kind, length));
        frame.extend_from_slice(payload);
        frame.extend_from_slice(&tag(&self.key, number, kind, payload).finish());
        Ok(frame)
    }
}

/// The MAC of a frame at this place of the conversation.
pub(super) fn tag(key: &Parts, number: u64, kind: Kind, payload: &[u8]) -> Parts {
    key.clone().part(&number.to_be_bytes()).part(&[kind as u8]).part(payload)
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("next", &self.next).field("limit", &self.limit).finish_non_exhaustive()
    }
}
