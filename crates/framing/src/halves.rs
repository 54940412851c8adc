use std::io::{self, BufRead, IoSlice, IoSliceMut, Read, Write};

/// A reader and a writer as one stream, such as a handler's `rfile` and `wfile`. See
/// [`Framed::from_halves`](crate::Framed::from_halves).
///
/// ```
/// use socketserver_framing::Halves;
/// use std::io::{Read, Write};
///
/// let mut stream = Halves { reader: &b"in"[..], writer: Vec::new() };
/// stream.read_exact(&mut [0; 2])?;
/// stream.write_all(b"out")?;
/// assert_eq!(stream.writer, b"out");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Halves<R, W> {
    /// What is read from.
    pub reader: R,
    /// What is written to.
    pub writer: W,
}

impl<R: Read, W> Read for Halves<R, W> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.reader.read_vectored(bufs)
    }
}

impl<R: BufRead, W> BufRead for Halves<R, W> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
    }
}

impl<R, W: Write> Write for Halves<R, W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.writer.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.writer.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
