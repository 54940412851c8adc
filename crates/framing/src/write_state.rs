//! The writing side without its stream, so that [`FrameWriter`](crate::FrameWriter) and
//! [`Framed`](crate::Framed) share it.

use crate::gather::Outgoing;
use crate::{FrameError, Header};
use std::io::{self, ErrorKind, Read, Write};

/// How much of a source is held at a time, in bytes.
const CHUNK: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct WriteState {
    header: Header,
    outgoing: Outgoing,
}

impl WriteState {
    pub(crate) fn new(header: Header) -> Self {
        Self { header, outgoing: Outgoing::default() }
    }

    pub(crate) fn header(&self) -> Header {
        self.header
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.outgoing.is_cut_off()
    }

    fn check(&self) -> Result<(), FrameError> {
        if self.is_broken() { Err(FrameError::Broken) } else { Ok(()) }
    }

    pub(crate) fn write_parts<W: Write>(
        &mut self,
        stream: &mut W,
        parts: &[&[u8]],
    ) -> Result<(), FrameError> {
        self.check()?;
        let len = parts.iter().fold(0, |sum: u64, part| sum.saturating_add(part.len() as u64));
        let head = self.header.encode(len)?;
        Ok(self.outgoing.send(stream, &head, parts)?)
    }

    pub(crate) fn write_from<W: Write, S: Read>(
        &mut self,
        stream: &mut W,
        mut source: S,
        len: u64,
    ) -> Result<(), FrameError> {
        self.check()?;
        let head = self.header.encode(len)?;
        // The first chunk is read before the header leaves: they leave together, and if the source fails at once the
        // peer need not hear of it.
        let first = len.min(CHUNK as u64) as usize;
        let mut chunk = vec![0; head.len() + first];
        let (start, payload) = chunk.split_at_mut(head.len());
        start.copy_from_slice(&head);
        let got = read_up_to(&mut source, payload)?;
        if got < first {
            return Err(FrameError::SourceEnded { missing: len - got as u64 });
        }
        self.outgoing.send(stream, &chunk, &[])?;
        let mut left = len - first as u64;
        self.outgoing.rest(|| {
            while left > 0 {
                let most = left.min(CHUNK as u64) as usize;
                let got = read_up_to(&mut source, &mut chunk[..most])?;
                stream.write_all(&chunk[..got])?;
                left -= got as u64;
                if got < most {
                    return Err(FrameError::SourceEnded { missing: left });
                }
            }
            Ok(())
        })
    }
}

/// Fills `buf` as far as the source goes.
fn read_up_to(source: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match source.read(&mut buf[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
