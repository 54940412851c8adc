use crate::read_state::ReadState;
use crate::write_state::WriteState;
use crate::{FrameError, FrameReader, FrameWriter, Halves, Header, Payload};
use std::io::{self, Read, Write};

/// Frames in both directions: a [`FrameReader`] and a [`FrameWriter`] over one stream, or over two halves of it.
/// What is said there holds here.
///
/// A client with a stream that is both:
///
/// ```no_run
/// use socketserver_framing::{Framed, Header};
/// use std::net::TcpStream;
///
/// let mut framed = Framed::new(TcpStream::connect("127.0.0.1:8080")?, Header::I32Native);
/// framed.write_frame(b"ping")?;
/// assert_eq!(framed.read_frame()?, Some(&b"pong"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A handler with two halves, borrowed:
///
/// ```
/// use socketserver_framing::{FrameError, Framed, Header};
/// use std::io::{BufRead, Write};
///
/// fn handle(rfile: &mut dyn BufRead, wfile: &mut dyn Write) -> Result<(), FrameError> {
///     let mut framed = Framed::from_halves(rfile, wfile, Header::I32Native).with_max_len(1 << 20);
///     let mut request = Vec::new();
///     while framed.read_into(&mut request)?.is_some() {
///         request.reverse();
///         framed.write_frame(&request)?;
///     }
///     Ok(())
/// }
///
/// let mut sent = Vec::new();
/// let request = [&3i32.to_ne_bytes()[..], b"abc"].concat();
/// handle(&mut &request[..], &mut sent)?;
/// assert_eq!(sent, [&3i32.to_ne_bytes()[..], b"cba"].concat());
/// # Ok::<(), FrameError>(())
/// ```
///
/// The rest:
///
/// ```
/// use socketserver_framing::{FrameError, Framed, Halves, Header};
/// use std::io::{Read, read_to_string};
///
/// let mut framed = Framed::from_halves(&b"\x05hello\x05world"[..], Vec::new(), Header::U8);
/// framed.set_max_len(100);
/// assert_eq!((framed.header(), framed.max_len()), (Header::U8, 100));
///
/// assert_eq!(framed.read_frame()?, Some(&b"hello"[..]));
/// framed.shrink_to(0);
/// framed.read_stream()?.expect("a frame").read_exact(&mut [0; 2])?;
/// assert!(framed.mid_frame());
/// assert_eq!(read_to_string(framed.unfinished().expect("the rest"))?, "rld");
///
/// framed.write_parts(&[b"a", b"b"])?;
/// framed.write_from(&b"file"[..], 4)?;
/// framed.flush()?;
/// assert!(!framed.is_broken());
/// framed.get_mut().writer.clear();
/// assert!(framed.get_ref().writer.is_empty());
/// let Halves { reader, .. } = framed.into_inner();
/// assert!(reader.is_empty());
/// # Ok::<(), FrameError>(())
/// ```
#[derive(Debug)]
pub struct Framed<S> {
    stream: S,
    read: ReadState,
    write: WriteState,
}

impl<S> Framed<S> {
    /// Frames with this header over `stream`, owned or borrowed (`&mut stream`), with a limit of
    /// [`DEFAULT_MAX_LEN`](crate::DEFAULT_MAX_LEN) on reading.
    pub fn new(stream: S, header: Header) -> Self {
        Self { stream, read: ReadState::new(header), write: WriteState::new(header) }
    }

    /// Sets the longest payload to accept, in bytes; see [`FrameReader::with_max_len`].
    pub fn with_max_len(mut self, max_len: u64) -> Self {
        self.set_max_len(max_len);
        self
    }

    /// Sets the longest payload to accept, in bytes; see [`FrameReader::set_max_len`].
    pub fn set_max_len(&mut self, max_len: u64) {
        self.read.max_len = max_len;
    }

    /// The longest payload to accept, in bytes.
    pub fn max_len(&self) -> u64 {
        self.read.max_len
    }

    /// The header in use.
    pub fn header(&self) -> Header {
        self.read.header()
    }

    /// Whether the reading side is inside a frame; see [`FrameReader::mid_frame`].
    pub fn mid_frame(&self) -> bool {
        self.read.mid_frame()
    }

    /// Whether the writing side was cut off; see [`FrameWriter::is_broken`].
    pub fn is_broken(&self) -> bool {
        self.write.is_broken()
    }

    /// Gives back memory; see [`FrameReader::shrink_to`].
    pub fn shrink_to(&mut self, capacity: usize) {
        self.read.shrink_to(capacity);
    }

    /// The stream beneath.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream beneath. Reading from it inside a frame loses the boundary.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream beneath; see [`FrameReader::into_inner`].
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// The payload that was begun and dropped before its end; see [`FrameReader::unfinished`].
    pub fn unfinished(&mut self) -> Option<Payload<'_, S>> {
        Payload::unfinished(&mut self.read, &mut self.stream)
    }
}

impl<S: Read> Framed<S> {
    /// The next payload; see [`FrameReader::read_frame`].
    ///
    /// # Errors
    /// Those of [`FrameReader::read_frame`].
    pub fn read_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        self.read.read_frame(&mut self.stream)
    }

    /// The next payload in place of what was in `buf`; see [`FrameReader::read_into`].
    ///
    /// # Errors
    /// Those of [`FrameReader::read_into`].
    pub fn read_into(&mut self, buf: &mut Vec<u8>) -> Result<Option<usize>, FrameError> {
        self.read.read_into(&mut self.stream, buf)
    }

    /// The next payload as a stream; see [`FrameReader::read_stream`].
    ///
    /// # Errors
    /// Those of [`FrameReader::read_stream`].
    pub fn read_stream(&mut self) -> Result<Option<Payload<'_, S>>, FrameError> {
        Payload::start(&mut self.read, &mut self.stream)
    }
}

impl<S: Write> Framed<S> {
    /// Writes one frame; see [`FrameWriter::write_frame`].
    ///
    /// # Errors
    /// Those of [`FrameWriter::write_frame`].
    pub fn write_frame(&mut self, payload: &[u8]) -> Result<(), FrameError> {
        self.write_parts(&[payload])
    }

    /// Writes one frame of several slices; see [`FrameWriter::write_parts`].
    ///
    /// # Errors
    /// Those of [`FrameWriter::write_parts`].
    pub fn write_parts(&mut self, parts: &[&[u8]]) -> Result<(), FrameError> {
        self.write.write_parts(&mut self.stream, parts)
    }

    /// Writes one frame from a reader; see [`FrameWriter::write_from`].
    ///
    /// # Errors
    /// Those of [`FrameWriter::write_from`].
    pub fn write_from<T: Read>(&mut self, source: T, len: u64) -> Result<(), FrameError> {
        self.write.write_from(&mut self.stream, source, len)
    }

    /// Flushes the stream beneath.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<R, W> Framed<Halves<R, W>> {
    /// Frames with this header, read from `reader` and written to `writer`.
    pub fn from_halves(reader: R, writer: W, header: Header) -> Self {
        Self::new(Halves { reader, writer }, header)
    }

    /// The two directions apart, each where it was, so that two threads can use them.
    ///
    /// ```
    /// # use socketserver_framing::{Framed, Header};
    /// let framed = Framed::from_halves(&b"\x05hello"[..], Vec::new(), Header::U8);
    /// let (mut reader, mut writer) = framed.into_halves();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(move || reader.read_frame().map(|frame| frame.map(<[u8]>::to_vec)));
    ///     scope.spawn(move || writer.write_frame(b"world"));
    /// });
    /// ```
    pub fn into_halves(self) -> (FrameReader<R>, FrameWriter<W>) {
        let Halves { reader, writer } = self.stream;
        (FrameReader::from_state(reader, self.read), FrameWriter::from_state(writer, self.write))
    }
}
