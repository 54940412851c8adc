use crate::FrameError;
#[cfg(doc)]
use crate::FrameReader;
use crate::read_state::ReadState;
use std::fmt;
use std::io::{self, BufRead, Read};

/// One payload as a stream of its own, which ends where the payload ends; for payloads that should not be held in
/// memory. Made by [`FrameReader::read_stream`] and [`Framed::read_stream`](crate::Framed::read_stream).
///
/// Reading reports a stream that ends too early as an error (kind `UnexpectedEof`) that converts back into
/// [`FrameError::TruncatedPayload`]. After a timeout, read on.
///
/// If it is dropped before its end, the next read of the frame reader passes over the rest, or
/// [`FrameReader::unfinished`] takes it up again.
///
/// ```
/// use socketserver_framing::{FrameReader, Header};
/// use std::io::{Read, copy};
///
/// let mut reader = FrameReader::new(&b"\x05hello\x05world"[..], Header::U8);
/// let mut payload = reader.read_stream()?.expect("a frame");
/// assert_eq!((payload.frame_len(), payload.remaining()), (5, 5));
///
/// let mut two = [0; 2];
/// payload.read_exact(&mut two)?;
/// assert_eq!((&two, payload.remaining()), (b"he", 3));
///
/// let mut file = Vec::new();
/// copy(&mut payload, &mut file)?;
/// assert_eq!(file, b"llo");
/// assert_eq!(reader.read_frame()?, Some(&b"world"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Payload<'a, R> {
    state: &'a mut ReadState,
    stream: &'a mut R,
}

impl<'a, R> Payload<'a, R> {
    /// The payload that `state` is handing out, if there is one.
    pub(crate) fn unfinished(state: &'a mut ReadState, stream: &'a mut R) -> Option<Self> {
        state.streaming().is_some_and(|(_, left)| left > 0).then_some(Self { state, stream })
    }

    /// The length of the whole payload, in bytes.
    pub fn frame_len(&self) -> u64 {
        self.state.streaming().map_or(0, |(len, _)| len)
    }

    /// How many bytes are left to read.
    pub fn remaining(&self) -> u64 {
        self.state.streaming().map_or(0, |(_, left)| left)
    }
}

impl<'a, R: Read> Payload<'a, R> {
    /// Waits for the next frame and begins to hand it out.
    pub(crate) fn start(state: &'a mut ReadState, stream: &'a mut R) -> Result<Option<Self>, FrameError> {
        Ok(state.start_stream(stream)?.then_some(Self { state, stream }))
    }

    /// Reads the rest and throws it away.
    ///
    /// # Errors
    /// [`FrameError::Io`] (after a timeout, [`FrameReader::unfinished`] takes the payload up again),
    /// [`FrameError::TruncatedPayload`].
    ///
    /// ```
    /// # use socketserver_framing::{FrameReader, Header};
    /// let mut reader = FrameReader::new(&b"\x05hello\x05world"[..], Header::U8);
    /// reader.read_stream()?.expect("a frame").skip()?;
    /// assert_eq!(reader.read_frame()?, Some(&b"world"[..]));
    /// # Ok::<(), socketserver_framing::FrameError>(())
    /// ```
    pub fn skip(self) -> Result<(), FrameError> {
        self.state.skip(self.stream)
    }
}

impl<R: Read> Read for Payload<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.state.stream_read(self.stream, buf)
    }
}

impl<R: BufRead> BufRead for Payload<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.state.stream_fill_buf(self.stream)
    }

    fn consume(&mut self, amount: usize) {
        let rest = self.state.stream_consume(amount);
        self.stream.consume(rest);
    }
}

impl<R> fmt::Debug for Payload<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload")
            .field("frame_len", &self.frame_len())
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}
