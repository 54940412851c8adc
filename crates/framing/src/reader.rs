use crate::read_state::ReadState;
use crate::{FrameError, Header, Payload};
use std::io::Read;

/// The longest payload that a reader accepts unless told otherwise, in bytes: 16 MiB.
pub const DEFAULT_MAX_LEN: u64 = 16 * 1024 * 1024;

/// Reads frames: a length header, then as many bytes of payload.
///
/// It reads from any [`Read`], owned or borrowed (`&mut stream`), and never past the frame that it was asked for, so
/// it can be made and dropped between two frames, or take turns with other readers of the stream. Each frame costs
/// at least two reads; wrap a socket in a [`BufReader`](std::io::BufReader) (a handler's `rfile` is one) to save
/// most of them.
///
/// * **Limit.** A header that announces more than [`max_len`](Self::with_max_len) is an error. Below it, memory is
///   taken as the bytes arrive: 8 KiB at first, then as much again as has arrived.
/// * **End.** `Ok(None)` between two frames; an error that counts the missing bytes inside one.
/// * **Timeouts.** `WouldBlock` and `TimedOut` lose nothing: every byte that was read stays in the reader, and
///   the next call goes on from there. [`mid_frame`](Self::mid_frame) tells an idle peer from a stalled one.
///   `Interrupted` is never reported.
/// * **Errors repeat.** After any other error the next call says the same, because there is no telling where the next
///   frame begins. The exception is `TooLong`: it is raised before the payload, so the caller may raise the limit and ask
///   again.
///
/// ```
/// use socketserver_framing::{FrameReader, Header};
///
/// let stream = &b"\0\0\0\x05hello\0\0\0\0\0\0\0\x05world"[..];
/// let mut reader = FrameReader::new(stream, Header::U32Be);
/// assert_eq!(reader.read_frame()?, Some(&b"hello"[..]));
/// assert_eq!(reader.read_frame()?, Some(&b""[..]));
/// assert_eq!(reader.read_frame()?, Some(&b"world"[..]));
/// assert_eq!(reader.read_frame()?, None);
/// # Ok::<(), socketserver_framing::FrameError>(())
/// ```
#[derive(Debug)]
pub struct FrameReader<R> {
    stream: R,
    state: ReadState,
}

impl<R> FrameReader<R> {
    /// Reads frames with this header from `stream`, with a limit of [`DEFAULT_MAX_LEN`].
    pub fn new(stream: R, header: Header) -> Self {
        Self::from_state(stream, ReadState::new(header))
    }

    pub(crate) fn from_state(stream: R, state: ReadState) -> Self {
        Self { stream, state }
    }

    /// Sets the longest payload to accept, in bytes; default [`DEFAULT_MAX_LEN`]. A longer one is
    /// [`FrameError::TooLong`].
    ///
    /// It holds for [`read_stream`](Self::read_stream) too, so raise it for payloads that are streamed;
    /// `u64::MAX` is no limit. [`read_frame`](Self::read_frame) then takes as much memory as the peer sends.
    ///
    /// ```
    /// # use socketserver_framing::{FrameError, FrameReader, Header};
    /// # use socketserver_framing::DEFAULT_MAX_LEN;
    /// let reader = FrameReader::new(&b"\x05hello"[..], Header::U8);
    /// assert_eq!((reader.header(), reader.max_len()), (Header::U8, DEFAULT_MAX_LEN));
    /// let mut reader = reader.with_max_len(4);
    /// assert!(matches!(reader.read_frame(), Err(FrameError::TooLong { len: 5, max: 4 })));
    /// ```
    pub fn with_max_len(mut self, max_len: u64) -> Self {
        self.set_max_len(max_len);
        self
    }

    /// Does what [`with_max_len`](Self::with_max_len) does, from the next header on.
    ///
    /// ```
    /// # use socketserver_framing::{FrameReader, Header};
    /// # fn authenticate(_: &[u8]) -> bool { true }
    /// # let mut reader = FrameReader::new(&b"\x03key\x05hello"[..], Header::U8);
    /// reader.set_max_len(256); // strangers must be brief
    /// if reader.read_frame()?.is_some_and(authenticate) {
    ///     reader.set_max_len(1 << 30);
    /// }
    /// # Ok::<(), socketserver_framing::FrameError>(())
    /// ```
    pub fn set_max_len(&mut self, max_len: u64) {
        self.state.max_len = max_len;
    }

    /// The longest payload to accept, in bytes.
    pub fn max_len(&self) -> u64 {
        self.state.max_len
    }

    /// The header in use.
    pub fn header(&self) -> Header {
        self.state.header()
    }

    /// Whether part of a frame has been taken from the stream that was not handed out yet. False means that nothing
    /// is lost by dropping the reader.
    ///
    /// ```
    /// # use socketserver_framing::{FrameReader, Header};
    /// let mut reader = FrameReader::new(&b"\0\0"[..], Header::U32Be);
    /// assert!(!reader.mid_frame());
    /// assert!(reader.read_frame().is_err());
    /// assert!(reader.mid_frame());
    /// ```
    pub fn mid_frame(&self) -> bool {
        self.state.mid_frame()
    }

    /// Gives back the memory of [`read_frame`](Self::read_frame)'s buffer but for `capacity` bytes, for a
    /// connection that goes idle after a long frame. Does nothing inside a frame.
    ///
    /// ```
    /// # use socketserver_framing::{FrameReader, Header};
    /// # let mut reader = FrameReader::new(&b"\x05hello"[..], Header::U8);
    /// # reader.read_frame()?;
    /// reader.shrink_to(0);
    /// # Ok::<(), socketserver_framing::FrameError>(())
    /// ```
    pub fn shrink_to(&mut self, capacity: usize) {
        self.state.shrink_to(capacity);
    }

    /// The stream beneath.
    ///
    /// ```
    /// # use socketserver_framing::{FrameReader, Header};
    /// let mut reader = FrameReader::new(&b"\x05hellorest"[..], Header::U8);
    /// reader.read_frame()?;
    /// assert_eq!(reader.get_ref(), b"rest");
    /// *reader.get_mut() = b"more";
    /// assert_eq!(reader.into_inner(), b"more");
    /// # Ok::<(), socketserver_framing::FrameError>(())
    /// ```
    pub fn get_ref(&self) -> &R {
        &self.stream
    }

    /// The stream beneath. Reading from it inside a frame loses the boundary.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.stream
    }

    /// The stream beneath. What was read of a frame that is not complete ([`mid_frame`](Self::mid_frame)) is lost.
    pub fn into_inner(self) -> R {
        self.stream
    }

    /// The payload that [`read_stream`](Self::read_stream) began and that was dropped before its end, if any; without
    /// it the next read passes over the rest.
    ///
    /// ```
    /// # use socketserver_framing::{FrameReader, Header};
    /// use std::io::{Read, read_to_string};
    ///
    /// let mut reader = FrameReader::new(&b"\x05hello\x05world"[..], Header::U8);
    /// reader.read_stream()?.expect("a frame").read_exact(&mut [0; 2])?;
    /// assert_eq!(read_to_string(reader.unfinished().expect("three bytes"))?, "llo");
    /// assert!(reader.unfinished().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unfinished(&mut self) -> Option<Payload<'_, R>> {
        Payload::unfinished(&mut self.state, &mut self.stream)
    }
}

impl<R: Read> FrameReader<R> {
    /// The next payload, or `None` if the stream ended before its header. The slice lies in a buffer of the reader
    /// that the next call reuses. Python's `Connection.recv_bytes`, but for its `EOFError`.
    ///
    /// # Errors
    /// Any of [`FrameError`]'s that is not about writing; see above for what holds after one.
    ///
    /// ```
    /// # use socketserver_framing::{FrameReader, Header};
    /// # let mut reader = FrameReader::new(&b"\x05hello\x05world"[..], Header::U8);
    /// while let Some(payload) = reader.read_frame()? {
    ///     println!("{} bytes", payload.len());
    /// }
    /// # Ok::<(), socketserver_framing::FrameError>(())
    /// ```
    pub fn read_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        self.state.read_frame(&mut self.stream)
    }

    /// Reads the next payload into `buf`, in place of what was there, and returns its length, or `None` if
    /// the stream ended before its header. The memory of `buf` is reused; Python's `Connection.recv_bytes_into`.
    ///
    /// # Errors
    /// As [`read_frame`](Self::read_frame); `buf` is then empty, and what has arrived stays in the reader. (So
    /// does the memory of `buf`, until the frame is complete.)
    ///
    /// ```
    /// # use socketserver_framing::{FrameReader, Header};
    /// # let mut reader = FrameReader::new(&b"\x05hello"[..], Header::U8);
    /// let mut buf = Vec::new();
    /// while reader.read_into(&mut buf)?.is_some() {
    ///     buf.make_ascii_uppercase();
    ///     assert_eq!(buf, b"HELLO");
    /// }
    /// # Ok::<(), socketserver_framing::FrameError>(())
    /// ```
    pub fn read_into(&mut self, buf: &mut Vec<u8>) -> Result<Option<usize>, FrameError> {
        self.state.read_into(&mut self.stream, buf)
    }

    /// Waits for the next header and returns its payload as a stream, or `None` if the stream ended before it. What is
    /// left of an earlier one is passed over first. See [`Payload`] for an example.
    ///
    /// A payload that [`read_frame`](Self::read_frame) could not complete (a timeout) is handed out from its
    /// beginning.
    ///
    /// # Errors
    /// As [`read_frame`](Self::read_frame).
    pub fn read_stream(&mut self) -> Result<Option<Payload<'_, R>>, FrameError> {
        Payload::start(&mut self.state, &mut self.stream)
    }
}
