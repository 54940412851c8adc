use crate::write_state::WriteState;
use crate::{FrameError, Header};
use std::io::{self, Read, Write};

/// Writes frames: a length header, then the payload.
///
/// It writes to any [`Write`], owned or borrowed (`&mut stream`). Header and payload leave in one write: up to 4 KiB
/// they are put together, above that it is one `write_vectored`. (A stream that does not implement `write_vectored`, and
/// only passes on the first slice, sends the header of a longer frame by itself; give it a
/// [`BufWriter`](std::io::BufWriter) or switch Nagle's algorithm off.) A write that takes only a part is continued.
///
/// Nothing is flushed; call [`flush`](Self::flush) if the stream is a `BufWriter`.
///
/// After an error that cut a frame off (a timeout too: how much the stream took can't be undone), every later write is
/// [`FrameError::Broken`], lest the peer take the next frame for the rest of this one. If not one byte had left, the
/// frame may be written again.
///
/// ```
/// use socketserver_framing::{FrameWriter, Header};
///
/// let mut writer = FrameWriter::new(Vec::new(), Header::U32Be);
/// writer.write_frame(b"hello")?;
/// writer.write_parts(&[b"GET", b" ", b"key"])?;
/// writer.write_from(&b"a file"[..], 6)?;
/// assert_eq!(writer.into_inner(), b"\0\0\0\x05hello\0\0\0\x07GET key\0\0\0\x06a file");
/// # Ok::<(), socketserver_framing::FrameError>(())
/// ```
#[derive(Debug)]
pub struct FrameWriter<W> {
    stream: W,
    state: WriteState,
}

impl<W> FrameWriter<W> {
    /// Writes frames with this header to `stream`.
    pub fn new(stream: W, header: Header) -> Self {
        Self::from_state(stream, WriteState::new(header))
    }

    pub(crate) fn from_state(stream: W, state: WriteState) -> Self {
        Self { stream, state }
    }

    /// The header in use.
    pub fn header(&self) -> Header {
        self.state.header()
    }

    /// Whether a frame was cut off, so that every write is [`FrameError::Broken`].
    ///
    /// ```
    /// # use socketserver_framing::{FrameError, FrameWriter, Header};
    /// let mut too_small = [0; 4];
    /// let mut writer = FrameWriter::new(&mut too_small[..], Header::U8);
    /// assert!(writer.write_frame(b"hello").is_err());
    /// assert!(writer.is_broken());
    /// assert!(matches!(writer.write_frame(b""), Err(FrameError::Broken)));
    /// ```
    pub fn is_broken(&self) -> bool {
        self.state.is_broken()
    }

    /// The stream beneath.
    ///
    /// ```
    /// # use socketserver_framing::{FrameWriter, Header};
    /// use std::io::BufWriter;
    ///
    /// let mut writer = FrameWriter::new(BufWriter::new(Vec::new()), Header::U8);
    /// assert_eq!(writer.header(), Header::U8);
    /// writer.write_frame(b"hello")?;
    /// assert!(writer.get_ref().get_ref().is_empty());
    /// writer.flush()?;
    /// assert_eq!(writer.get_mut().get_mut(), b"\x05hello");
    /// # Ok::<(), socketserver_framing::FrameError>(())
    /// ```
    pub fn get_ref(&self) -> &W {
        &self.stream
    }

    /// The stream beneath.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.stream
    }

    /// The stream beneath.
    pub fn into_inner(self) -> W {
        self.stream
    }
}

impl<W: Write> FrameWriter<W> {
    /// Writes one frame. Python's `Connection.send_bytes`.
    ///
    /// # Errors
    /// [`FrameError::Unencodable`] if the payload is too long for the header; [`FrameError::Broken`];
    /// [`FrameError::Io`].
    pub fn write_frame(&mut self, payload: &[u8]) -> Result<(), FrameError> {
        self.write_parts(&[payload])
    }

    /// Writes one frame whose payload is these slices, one after the other. Python's `socket.sendmsg`, to its end.
    ///
    /// # Errors
    /// As [`write_frame`](Self::write_frame).
    pub fn write_parts(&mut self, parts: &[&[u8]]) -> Result<(), FrameError> {
        self.state.write_parts(&mut self.stream, parts)
    }

    /// Writes one frame whose payload is the next `len` bytes of `source`, holding 64 KiB of it at a time. The header
    /// leaves together with the first 64 KiB. Not a byte more is read from `source`. Python's `socket.sendfile`, with a
    /// header.
    ///
    /// # Errors
    /// As [`write_frame`](Self::write_frame), and [`FrameError::SourceEnded`] if `source` has fewer than `len` bytes. An
    /// error of `source`, a timeout too, is [`FrameError::Io`]. If either comes within the first 64 KiB, nothing is
    /// written and the stream remains usable; what was read of `source` is gone.
    ///
    /// ```
    /// # use socketserver_framing::{FrameError, FrameWriter, Header};
    /// let mut writer = FrameWriter::new(Vec::new(), Header::U8);
    /// let error = writer.write_from(&b"short"[..], 8).unwrap_err();
    /// assert!(matches!(error, FrameError::SourceEnded { missing: 3 }));
    /// writer.write_from(std::io::repeat(b'x'), 3)?;
    /// assert_eq!(writer.into_inner(), b"\x03xxx");
    /// # Ok::<(), FrameError>(())
    /// ```
    pub fn write_from<S: Read>(&mut self, source: S, len: u64) -> Result<(), FrameError> {
        self.state.write_from(&mut self.stream, source, len)
    }

    /// Flushes the stream beneath.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
