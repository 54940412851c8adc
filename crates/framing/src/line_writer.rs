use crate::LineError;
use crate::delimiter::Delimiter;
use crate::gather::Outgoing;
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes messages that end in a delimiter: lines, or whatever [`with_delimiter`](Self::with_delimiter) says.
///
/// Line and delimiter leave in one write, as with a [`FrameWriter`](crate::FrameWriter), and as there nothing is flushed,
/// and an error that cut a line off makes every later write [`LineError::Broken`].
///
/// A line that contains the delimiter is refused, so that what a user typed can't become a second command.
///
/// ```
/// use socketserver_framing::{LineError, LineWriter};
///
/// let mut writer = LineWriter::new(Vec::new());
/// writer.write_line(b"SET name Ada")?;
/// assert!(matches!(writer.write_line(b"SET name\nQUIT"), Err(LineError::DelimiterInside { at: 8 })));
/// assert_eq!(writer.into_inner(), b"SET name Ada\n");
/// # Ok::<(), LineError>(())
/// ```
#[derive(Debug)]
pub struct LineWriter<W> {
    stream: W,
    delimiter: Delimiter,
    outgoing: Outgoing,
}

impl<W> LineWriter<W> {
    /// Writes lines to `stream`, with delimiter `\n`.
    pub fn new(stream: W) -> Self {
        Self { stream, delimiter: Delimiter::NEWLINE, outgoing: Outgoing::default() }
    }

    /// Sets what ends a line, one byte or several; default `\n`.
    ///
    /// # Panics
    /// If it is empty.
    ///
    /// ```
    /// # use socketserver_framing::LineWriter;
    /// let mut writer = LineWriter::new(Vec::new()).with_delimiter(b"\r\n");
    /// writer.write_line(b"200 OK")?;
    /// assert_eq!(writer.into_inner(), b"200 OK\r\n");
    /// # Ok::<(), socketserver_framing::LineError>(())
    /// ```
    pub fn with_delimiter(mut self, delimiter: impl Into<Cow<'static, [u8]>>) -> Self {
        self.delimiter = Delimiter::new(delimiter.into());
        self
    }

    /// Whether a line was cut off, so that every write is [`LineError::Broken`].
    ///
    /// ```
    /// # use socketserver_framing::LineWriter;
    /// let mut too_small = [0; 4];
    /// let mut writer = LineWriter::new(&mut too_small[..]);
    /// assert!(writer.write_line(b"hello").is_err());
    /// assert!(writer.is_broken());
    /// ```
    pub fn is_broken(&self) -> bool {
        self.outgoing.is_cut_off()
    }

    /// The stream beneath.
    ///
    /// ```
    /// # use socketserver_framing::LineWriter;
    /// use std::io::BufWriter;
    ///
    /// let mut writer = LineWriter::new(BufWriter::new(Vec::new()));
    /// writer.write_line(b"hello")?;
    /// assert!(writer.get_ref().get_ref().is_empty());
    /// writer.flush()?;
    /// assert_eq!(writer.get_mut().get_mut(), b"hello\n");
    /// # Ok::<(), socketserver_framing::LineError>(())
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

impl<W: Write> LineWriter<W> {
    /// Writes one line, and the delimiter.
    ///
    /// # Errors
    /// [`LineError::DelimiterInside`], [`LineError::Broken`], [`LineError::Io`].
    pub fn write_line(&mut self, line: &[u8]) -> Result<(), LineError> {
        if self.is_broken() {
            return Err(LineError::Broken);
        }
        if let Some(at) = self.delimiter.inside(line) {
            return Err(LineError::DelimiterInside { at });
        }
        Ok(self.outgoing.send(&mut self.stream, line, &[self.delimiter.bytes()])?)
    }

    /// Flushes the stream beneath.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
