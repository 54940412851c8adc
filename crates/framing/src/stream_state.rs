//! The reading side, continued: payloads that are handed out piecemeal.

use crate::FrameError;
use crate::read_state::{Phase, ReadState};
use std::io::{self, BufRead, Read};

impl ReadState {
    /// Makes the next payload the one that is handed out piecemeal; false at a clean end.
    pub(crate) fn start_stream<R: Read>(&mut self, stream: &mut R) -> Result<bool, FrameError> {
        self.skip(stream)?;
        let (len, kept) = match self.phase {
            Phase::Filling { len, filled } => (len as u64, 0..filled),
            _ => match self.read_header(stream)? {
                Some(len) => (len, 0..0),
                None => return Ok(false),
            },
        };
        self.enter(Phase::Streaming { len, left: len, kept });
        Ok(true)
    }

    /// The length of the payload that is being handed out, and what is left of it.
    pub(crate) fn streaming(&self) -> Option<(u64, u64)> {
        match self.phase {
            Phase::Streaming { len, left, .. } => Some((len, left)),
            _ => None,
        }
    }

    pub(crate) fn stream_read<R: Read>(&mut self, stream: &mut R, out: &mut [u8]) -> io::Result<usize> {
        let Phase::Streaming { len, left, kept } = &mut self.phase else { return Ok(0) };
        if *left == 0 || out.is_empty() {
            return Ok(0);
        }
        let n = if kept.start == kept.end {
            let room = out.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            stream.read(&mut out[..room])?
        } else {
            (&self.buf[kept.clone()]).read(out)?
        };
        if n == 0 {
            return Err(FrameError::TruncatedPayload { missing: *left, len: *len }.into());
        }
        self.stream_consume(n);
        Ok(n)
    }

    pub(crate) fn stream_fill_buf<'a, R: BufRead>(&'a mut self, stream: &'a mut R) -> io::Result<&'a [u8]> {
        let Phase::Streaming { len, left, kept } = &self.phase else { return Ok(&[]) };
        if *left == 0 || kept.start < kept.end {
            return Ok(&self.buf[kept.clone()]);
        }
        let piece = stream.fill_buf()?;
        if piece.is_empty() {
            return Err(FrameError::TruncatedPayload { missing: *left, len: *len }.into());
        }
        Ok(&piece[..piece.len().min(usize::try_from(*left).unwrap_or(usize::MAX))])
    }

    /// Counts `n` bytes as handed out; returns how many of them the stream has yet to be told of.
    pub(crate) fn stream_consume(&mut self, n: usize) -> usize {
        let Phase::Streaming { left, kept, .. } = &mut self.phase else { return 0 };
        let n = usize::try_from(*left).map_or(n, |left| n.min(left));
        *left -= n as u64;
        let ours = n.min(kept.len());
        kept.start += ours;
        n - ours
    }

    /// Passes over what is left of a payload that was handed out piecemeal.
    pub(crate) fn skip<R: Read>(&mut self, stream: &mut R) -> Result<(), FrameError> {
        let Phase::Streaming { len, left, kept } = &mut self.phase else { return Ok(()) };
        *left -= kept.len() as u64;
        *kept = 0..0;
        let mut rest = stream.by_ref().take(*left);
        let result = io::copy(&mut rest, &mut io::sink());
        *left = rest.limit();
        result?;
        if *left > 0 {
            return Err(FrameError::TruncatedPayload { missing: *left, len: *len });
        }
        self.enter(Phase::Header);
        Ok(())
    }
}
