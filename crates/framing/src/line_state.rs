//! What a [`LineReader`](crate::LineReader) knows between two calls, without its stream.

use crate::delimiter::Delimiter;
use crate::{DEFAULT_MAX_LINE_LEN, LineError, Unterminated};
use std::fmt;
use std::io::{BufRead, Read};

/// How much of an overlong line is passed over at a time, in bytes.
const SKIP_STEP: usize = 8 * 1024;

pub(crate) struct LineState {
    pub(crate) delimiter: Delimiter,
    pub(crate) max_len: usize,
    pub(crate) keep: bool,
    pub(crate) unterminated: Unterminated,
    phase: Phase,
    /// The line as far as it has arrived; when passing over one, the end of what has.
    pub(crate) buf: Vec<u8>,
}

#[derive(Debug)]
enum Phase {
    /// What is in the buffer has been handed out.
    Between,
    Inside,
    Skipping,
}

impl LineState {
    pub(crate) fn new() -> Self {
        Self {
            delimiter: Delimiter::NEWLINE,
            max_len: DEFAULT_MAX_LINE_LEN,
            keep: false,
            unterminated: Unterminated::default(),
            phase: Phase::Between,
            buf: Vec::new(),
        }
    }

    pub(crate) fn mid_line(&self) -> bool {
        match self.phase {
            Phase::Between => false,
            Phase::Inside => !self.buf.is_empty(),
            Phase::Skipping => true,
        }
    }

    /// Completes the next line in the buffer, and returns how long it is, or `None` at the end of the stream.
    pub(crate) fn fill<R: BufRead>(&mut self, stream: &mut R) -> Result<Option<usize>, LineError> {
        if let Phase::Skipping = self.phase {
            self.skip(stream)?;
        }
        if let Phase::Between = self.phase {
            self.buf.clear();
            self.phase = Phase::Inside;
        }
        loop {
            let room = self.room();
            if room == 0 {
                self.phase = Phase::Skipping;
                return Err(LineError::TooLong { max: self.max_len });
            }
            if self.read_some(stream, room)? == 0 {
                let len = self.buf.len();
                if len > self.max_len {
                    // It was let in for the delimiter that it seemed to end in.
                    self.phase = Phase::Skipping;
                    return Err(LineError::TooLong { max: self.max_len });
                }
                if len > 0 && self.unterminated == Unterminated::Reject {
                    return Err(LineError::Unterminated { len });
                }
                self.phase = Phase::Between;
                return Ok((len > 0).then_some(len));
            }
            if self.buf.ends_with(self.delimiter.bytes()) {
                self.phase = Phase::Between;
                let cut = if self.keep { 0 } else { self.delimiter.bytes().len() };
                return Ok(Some(self.buf.len() - cut));
            }
        }
    }

    /// Reads to the delimiter's last byte, which may or may not end the delimiter, or `most` bytes; 0 at the end.
    fn read_some<R: BufRead>(&mut self, stream: &mut R, most: usize) -> Result<usize, LineError> {
        // On an error, `read_until` leaves in the buffer what it has read, so that we can go on.
        let mut piece = stream.by_ref().take(most as u64);
        Ok(piece.read_until(self.delimiter.last(), &mut self.buf)?)
    }

    /// How many more bytes may be read before the line is known to be too long.
    fn room(&self) -> usize {
        match self.max_len.checked_sub(self.buf.len()) {
            Some(room) if room > 0 => room,
            // Above the limit, only a delimiter that has begun within it can save the line.
            _ => self.delimiter.begins_at_end_of(&self.buf, self.buf.len() - self.max_len).into(),
        }
    }

    fn skip<R: BufRead>(&mut self, stream: &mut R) -> Result<(), LineError> {
        loop {
            // Enough to recognise a delimiter of which a part has arrived.
            let tail = self.buf.len().min(self.delimiter.bytes().len() - 1);
            self.buf.drain(..self.buf.len() - tail);
            let n = self.read_some(stream, SKIP_STEP)?;
            if n == 0 || self.buf.ends_with(self.delimiter.bytes()) {
                self.phase = Phase::Between;
                return Ok(());
            }
        }
    }
}

impl fmt::Debug for LineState {
    // Without the line, which may be long or secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineState")
            .field("delimiter", &self.delimiter)
            .field("max_len", &self.max_len)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}
