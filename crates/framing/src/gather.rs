//! Several slices out in one write.

use std::{
    io::{self, ErrorKind, IoSlice, Write},
    mem,
};

/// Up to this many bytes are put together on the stack, so that they leave in one write even where
/// `write_vectored` is not more than `write` of the first slice. It is above an Ethernet segment, and a header that
/// travels alone hurts most when the rest is short: Nagle's algorithm then waits for the peer's delayed acknowledgement.
const SMALL: usize = 4096;

/// Up to this many slices need no allocation.
const FEW: usize = 16;

/// What a writer must remember: whether it may write at all.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    cut_off: bool,
}

impl Outgoing {
    /// Whether a message was cut off, so that nothing that follows would be understood.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// Writes `first` and `rest` as one message.
    pub(crate) fn send<W: Write>(&mut self, stream: &mut W, first: &[u8], rest: &[&[u8]]) -> io::Result<()> {
        let parts = || [first].into_iter().chain(rest.iter().copied()).filter(|part| !part.is_empty());
        let total = parts().fold(0, |sum: usize, part| sum.saturating_add(part.len()));
        if total <= SMALL {
            let mut small = [0; SMALL];
            let mut end = 0;
            for part in parts() {
                small[end..][..part.len()].copy_from_slice(part);
                end += part.len();
            }
            return self.write(stream, &mut [IoSlice::new(&small[..end])]);
        }
        let mut few = [IoSlice::new(&[]); FEW];
        if rest.len() < FEW {
            let mut count = 0;
            for part in parts() {
                few[count] = IoSlice::new(part);
                count += 1;
            }
            self.write(stream, &mut few[..count])
        } else {
            self.write(stream, &mut parts().map(IoSlice::new).collect::<Vec<_>>())
        }
    }

    /// What `work` writes is the rest of a message that has begun: if it fails, the message is cut off.
    pub(crate) fn rest<T, E>(&mut self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let result = work();
        self.cut_off |= result.is_err();
        result
    }

    /// One write, if the stream takes all of it. A slice of which it takes a part is finished by itself, with its time as a whole, however little
    /// the peer takes of it now and then; the others leave together again.
    fn write<W: Write>(&mut self, stream: &mut W, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        /// More in one call is an error on Linux (`IOV_MAX`).
        const MOST: usize = 1024;
        let mut slices = slices;
        let mut begun = false;
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            let tried = &slices[..slices.len().min(MOST)];
            let result = match tried {
                [one] => stream.write(one),
                more => stream.write_vectored(more),
            };
            match result {
                Ok(0) => {
                    self.cut_off = begun;
                    return Err(ErrorKind::WriteZero.into());
                }
                Ok(n) => {
                    begun = true;
                    let mut end = 0;
                    let is_whole = tried.iter().any(|slice| {
                        end += slice.len();
                        end == n
                    });
                    IoSlice::advance_slices(&mut slices, n);
                    if !is_whole {
                        self.rest(|| stream.write_all(&slices[0]))?;
                        slices = &mut mem::take(&mut slices)[1..];
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.cut_off = begun;
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}
