//! The reading side without its stream, so that [`FrameReader`](crate::FrameReader) and
//! [`Framed`](crate::Framed) share it.

use crate::header::{Header, MAX_HEADER_LEN};
use crate::{DEFAULT_MAX_LEN, Decoded, FrameError};
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::{fmt, mem};

/// Memory that a header alone can claim, in bytes; more is taken as the payload arrives.
const FIRST_STEP: usize = 8 * 1024;

pub(crate) struct ReadState {
    header: Header,
    pub(crate) max_len: u64,
    head: [u8; MAX_HEADER_LEN],
    head_len: usize,
    pub(crate) phase: Phase,
    /// All of it is initialised; how much of it is the payload, `phase` says.
    pub(crate) buf: Vec<u8>,
}

#[derive(Debug)]
pub(crate) enum Phase {
    /// Before or inside a header. A header that was refused stays here, so that the error repeats itself.
    Header,
    /// `buf[..filled]` has arrived of a payload that is wanted whole.
    Filling { len: usize, filled: usize },
    /// A payload is handed out piecemeal: first `buf[kept]`, then the stream; `left` counts both.
    Streaming { len: u64, left: u64, kept: Range<usize> },
}

impl ReadState {
    pub(crate) fn new(header: Header) -> Self {
        Self {
            header,
            max_len: DEFAULT_MAX_LEN,
            head: [0; MAX_HEADER_LEN],
            head_len: 0,
            phase: Phase::Header,
            buf: Vec::new(),
        }
    }

    pub(crate) fn header(&self) -> Header {
        self.header
    }

    pub(crate) fn mid_frame(&self) -> bool {
        match self.phase {
            Phase::Header => self.head_len > 0,
            Phase::Filling { .. } => true,
            Phase::Streaming { left, .. } => left > 0,
        }
    }

    pub(crate) fn shrink_to(&mut self, capacity: usize) {
        if let Phase::Header = self.phase {
            self.buf.truncate(capacity);
            self.buf.shrink_to(capacity);
        }
    }

    /// The next whole payload, in the own buffer.
    pub(crate) fn read_frame<R: Read>(&mut self, stream: &mut R) -> Result<Option<&[u8]>, FrameError> {
        Ok(self.fill(stream)?.map(|len| &self.buf[..len]))
    }

    /// The next whole payload, in the caller's buffer.
    pub(crate) fn read_into<R: Read>(
        &mut self,
        stream: &mut R,
        out: &mut Vec<u8>,
    ) -> Result<Option<usize>, FrameError> {
        // Filling the caller's allocation needs no second one. When an error interrupts it, it stays here with what
        // has arrived, and the caller holds our empty one until the frame is complete.
        if !matches!(self.phase, Phase::Filling { .. }) {
            mem::swap(&mut self.buf, out);
        }
        let result = self.fill(stream);
        if let Ok(Some(len)) = result {
            self.buf.truncate(len);
            mem::swap(&mut self.buf, out);
            return result;
        }
        if !matches!(self.phase, Phase::Filling { .. }) {
            mem::swap(&mut self.buf, out);
        }
        out.clear();
        result
    }

    fn fill<R: Read>(&mut self, stream: &mut R) -> Result<Option<usize>, FrameError> {
        self.skip(stream)?;
        if let Phase::Header = self.phase {
            let Some(len) = self.read_header(stream)? else { return Ok(None) };
            let max = isize::MAX as usize;
            let len = usize::try_from(len)
                .ok()
                .filter(|&len| len <= max)
                .ok_or(FrameError::TooLong { len, max: max as u64 })?;
            self.enter(Phase::Filling { len, filled: 0 });
        }
        let Phase::Filling { len, filled } = &mut self.phase else { return Ok(None) };
        while *filled < *len {
            if *filled == self.buf.len() || (*filled == 0 && self.buf.len() < FIRST_STEP) {
                grow(&mut self.buf, *filled, *len)?;
            }
            let end = self.buf.len().min(*len);
            match stream.read(&mut self.buf[*filled..end]) {
                Ok(0) => {
                    let (len, missing) = (*len as u64, (*len - *filled) as u64);
                    return Err(FrameError::TruncatedPayload { missing, len });
                }
                Ok(n) => *filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let len = *len;
        self.enter(Phase::Header);
        Ok(Some(len))
    }

    /// The length of the next payload, or `None` at a clean end.
    pub(crate) fn read_header<R: Read>(&mut self, stream: &mut R) -> Result<Option<u64>, FrameError> {
        loop {
            let missing = match self.header.decode(&self.head[..self.head_len])? {
                Decoded::Complete { len, .. } if len > self.max_len => {
                    return Err(FrameError::TooLong { len, max: self.max_len });
                }
                Decoded::Complete { len, .. } => return Ok(Some(len)),
                Decoded::Incomplete { missing } => missing,
            };
            match stream.read(&mut self.head[self.head_len..][..missing]) {
                Ok(0) if self.head_len == 0 => return Ok(None),
                Ok(0) => return Err(FrameError::TruncatedHeader { missing }),
                Ok(n) => self.head_len += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) fn enter(&mut self, phase: Phase) {
        self.head_len = 0;
        self.phase = phase;
    }
}

/// Makes room for more of a payload of `len` bytes: as much as has arrived already, so that memory follows what
/// the peer really sends.
fn grow(buf: &mut Vec<u8>, filled: usize, len: usize) -> io::Result<()> {
    let target = len.min(FIRST_STEP.max(filled.saturating_mul(2)).max(buf.capacity()));
    if target > buf.len() {
        buf.try_reserve_exact(target - buf.len()).map_err(|_| ErrorKind::OutOfMemory)?;
        buf.resize(target, 0);
    }
    Ok(())
}

impl fmt::Debug for ReadState {
    // Without the payload, which may be long or secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadState")
            .field("header", &self.header)
            .field("max_len", &self.max_len)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_gives_memory_back_between_frames_and_loses_none_inside() {
        let mut state = ReadState::new(Header::U16Be);
        let wire = [&5000u16.to_be_bytes()[..], &[7; 5000]].concat();
        assert_eq!(state.read_frame(&mut &wire[..]).unwrap().map(<[u8]>::len), Some(5000));
        assert_eq!(state.buf.capacity(), 5000);
        state.shrink_to(100);
        assert_eq!(state.buf.capacity(), 100);
        state.shrink_to(200);
        assert_eq!(state.buf.capacity(), 100);

        assert!(state.read_frame(&mut &wire[..1000]).is_err());
        state.shrink_to(0);
        assert_eq!(state.read_frame(&mut &wire[1000..]).unwrap(), Some(&[7; 5000][..]));
    }
}
