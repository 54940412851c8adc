use crate::LineError;
use crate::delimiter::Delimiter;
use crate::line_state::LineState;
use std::borrow::Cow;
use std::io::BufRead;
use std::mem;

/// The longest line that a reader accepts unless told otherwise, in bytes: 64 KiB.
pub const DEFAULT_MAX_LINE_LEN: usize = 64 * 1024;

/// What becomes of a last line that the stream ends without a delimiter. See [`LineReader::unterminated`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unterminated {
    /// It is a line like the others, as for Python's `readline`.
    #[default]
    Deliver,
    /// It is [`LineError::Unterminated`].
    Reject,
}

/// Reads messages that end in a delimiter: lines, or whatever [`with_delimiter`](Self::with_delimiter) says.
///
/// It reads from any [`BufRead`] (a handler's `rfile` is one), owned or borrowed (`&mut rfile`), and never past
/// the delimiter.
///
/// * **Delimiter.** `\n` by default, and not part of the line; Python's `readline` leaves it there, as
///   [`keep_delimiter`](Self::keep_delimiter) does. A `\r` before it is part of the line.
/// * **Limit.** No more than [`max_len`](Self::with_max_len) bytes are held. A longer line is an error, and
///   the next call passes over its rest. (Python's `readline(limit)` takes the rest for the next line.)
/// * **End.** `Ok(None)` at the end of the stream. A last line without a delimiter is a line, as for Python's
///   `readline`; [`unterminated`](Self::unterminated) can make it an error.
/// * **Timeouts.** `WouldBlock` and `TimedOut` lose nothing: the next call goes on from there.
///   [`mid_line`](Self::mid_line) tells an idle peer from a stalled one. `Interrupted` is never reported.
///
/// ```
/// use socketserver_framing::LineReader;
///
/// let mut lines = LineReader::new(&b"HELLO\r\nWORLD\n\nBYE"[..]);
/// assert_eq!(lines.read_line()?, Some(&b"HELLO\r"[..]));
/// assert_eq!(lines.read_line()?, Some(&b"WORLD"[..]));
/// assert_eq!(lines.read_line()?, Some(&b""[..]));
/// assert_eq!(lines.read_line()?, Some(&b"BYE"[..]));
/// assert_eq!(lines.read_line()?, None);
/// # Ok::<(), socketserver_framing::LineError>(())
/// ```
#[derive(Debug)]
pub struct LineReader<R> {
    stream: R,
    state: LineState,
}

impl<R> LineReader<R> {
    /// Reads lines from `stream`: delimiter `\n`, limit [`DEFAULT_MAX_LINE_LEN`].
    pub fn new(stream: R) -> Self {
        Self { stream, state: LineState::new() }
    }

    /// Sets what ends a line, one byte or several; default `\n`.
    ///
    /// # Panics
    /// If it is empty.
    ///
    /// ```
    /// # use socketserver_framing::LineReader;
    /// let mut lines = LineReader::new(&b"HELLO\r\nA\nB\r\n"[..]).with_delimiter(b"\r\n");
    /// assert_eq!(lines.read_line()?, Some(&b"HELLO"[..]));
    /// assert_eq!(lines.read_line()?, Some(&b"A\nB"[..]));
    /// # Ok::<(), socketserver_framing::LineError>(())
    /// ```
    pub fn with_delimiter(mut self, delimiter: impl Into<Cow<'static, [u8]>>) -> Self {
        self.state.delimiter = Delimiter::new(delimiter.into());
        self
    }

    /// Sets the longest line to accept, in bytes without the delimiter; default [`DEFAULT_MAX_LINE_LEN`]. A longer
    /// one is [`LineError::TooLong`].
    ///
    /// ```
    /// # use socketserver_framing::{LineError, LineReader};
    /// # use socketserver_framing::DEFAULT_MAX_LINE_LEN;
    /// assert_eq!(DEFAULT_MAX_LINE_LEN, 65_536);
    /// let mut lines = LineReader::new(&b"1234\n12345\n123\n"[..]).with_max_len(4);
    /// assert_eq!(lines.read_line()?, Some(&b"1234"[..]));
    /// assert!(matches!(lines.read_line(), Err(LineError::TooLong { max: 4 })));
    /// assert_eq!(lines.read_line()?, Some(&b"123"[..]));
    /// # Ok::<(), LineError>(())
    /// ```
    pub fn with_max_len(mut self, max_len: usize) -> Self {
        self.state.max_len = max_len;
        self
    }

    /// Sets whether a line is handed out with its delimiter; default false. With it, as in Python, a last line
    /// without one can be told from the others.
    ///
    /// ```
    /// # use socketserver_framing::LineReader;
    /// let mut lines = LineReader::new(&b"one\ntwo"[..]).keep_delimiter(true);
    /// assert_eq!(lines.read_line()?, Some(&b"one\n"[..]));
    /// assert_eq!(lines.read_line()?, Some(&b"two"[..]));
    /// # Ok::<(), socketserver_framing::LineError>(())
    /// ```
    pub fn keep_delimiter(mut self, keep: bool) -> Self {
        self.state.keep = keep;
        self
    }

    /// Sets what becomes of a last line without a delimiter; default [`Unterminated::Deliver`]. Reject it where
    /// a command that was cut short would be another command.
    ///
    /// ```
    /// # use socketserver_framing::{LineError, LineReader, Unterminated};
    /// let mut lines = LineReader::new(&b"DELETE /tmp"[..]).unterminated(Unterminated::Reject);
    /// assert!(matches!(lines.read_line(), Err(LineError::Unterminated { len: 11 })));
    /// ```
    pub fn unterminated(mut self, unterminated: Unterminated) -> Self {
        self.state.unterminated = unterminated;
        self
    }

    /// Whether part of a line has been taken from the stream that was not handed out yet. False means that nothing
    /// is lost by dropping the reader.
    ///
    /// ```
    /// # use socketserver_framing::LineReader;
    /// let mut lines = LineReader::new(&b"one\n"[..]);
    /// lines.read_line()?;
    /// assert!(!lines.mid_line());
    /// # Ok::<(), socketserver_framing::LineError>(())
    /// ```
    pub fn mid_line(&self) -> bool {
        self.state.mid_line()
    }

    /// The stream beneath.
    ///
    /// ```
    /// # use socketserver_framing::LineReader;
    /// let mut lines = LineReader::new(&b"HELO\nrest"[..]);
    /// lines.read_line()?;
    /// assert_eq!(lines.get_ref(), b"rest");
    /// *lines.get_mut() = b"more";
    /// assert_eq!(lines.into_inner(), b"more");
    /// # Ok::<(), socketserver_framing::LineError>(())
    /// ```
    pub fn get_ref(&self) -> &R {
        &self.stream
    }

    /// The stream beneath. Reading from it inside a line loses the boundary.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.stream
    }

    /// The stream beneath. What was read of a line that is not complete ([`mid_line`](Self::mid_line)) is lost.
    pub fn into_inner(self) -> R {
        self.stream
    }
}

impl<R: BufRead> LineReader<R> {
    /// The next line, or `None` at the end of the stream. The slice lies in a buffer of the reader that the next
    /// call reuses. Python's `rfile.readline`.
    ///
    /// # Errors
    /// [`LineError::Io`], [`LineError::TooLong`], [`LineError::Unterminated`]; see above for what holds after one.
    pub fn read_line(&mut self) -> Result<Option<&[u8]>, LineError> {
        Ok(self.state.fill(&mut self.stream)?.map(|len| &self.state.buf[..len]))
    }

    /// Reads the next line into `buf`, in place of what was there, and returns its length, or `None` at the end of
    /// the stream. The memory of `buf` is reused.
    ///
    /// # Errors
    /// As [`read_line`](Self::read_line); `buf` is then empty, and what has arrived stays in the reader.
    ///
    /// ```
    /// # use socketserver_framing::LineReader;
    /// let mut buf = Vec::new();
    /// assert_eq!(LineReader::new(&b"one\ntwo"[..]).read_into(&mut buf)?, Some(3));
    /// assert_eq!(buf, b"one");
    /// # Ok::<(), socketserver_framing::LineError>(())
    /// ```
    pub fn read_into(&mut self, buf: &mut Vec<u8>) -> Result<Option<usize>, LineError> {
        buf.clear();
        let line = self.state.fill(&mut self.stream)?;
        if let Some(len) = line {
            self.state.buf.truncate(len);
            mem::swap(&mut self.state.buf, buf);
        }
        Ok(line)
    }
}
