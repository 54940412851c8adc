use std::io;

/// Why a frame could not be read or written.
///
/// Converts into [`io::Error`] (so `?` works in functions that return `io::Result`) and back without loss.
///
/// ```
/// use socketserver_framing::{FrameError, FrameReader, Header};
///
/// // Five bytes are promised, two come.
/// let mut reader = FrameReader::new(&b"\x05he"[..], Header::U8);
/// let error = reader.read_frame().unwrap_err();
/// assert!(matches!(error, FrameError::TruncatedPayload { missing: 3, len: 5 }));
///
/// let error = std::io::Error::from(error);
/// assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
/// assert!(matches!(FrameError::from(error), FrameError::TruncatedPayload { missing: 3, len: 5 }));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The stream beneath failed. After a timeout ([`is_timeout`](Self::is_timeout)) a reader can go on.
    #[error("{0}")]
    Io(#[source] io::Error), // itself, not what it comes from: it may be a time limit that has passed, or a peer that has gone
    /// The header holds a negative length: [`Header::I32Native`](crate::Header::I32Native) below 0,
    /// [`Header::Multiprocessing`](crate::Header::Multiprocessing) below −1.
    #[error("the header announces a negative length: {value}")]
    Negative {
        /// The length in the header.
        value: i64,
    },
    /// The header announces more than the reader's limit (or than this machine can address). Nothing of the
    /// payload was read.
    #[error("the header announces {len} bytes, more than the limit of {max}")]
    TooLong {
        /// The length in the header, in bytes.
        len: u64,
        /// The limit, in bytes.
        max: u64,
    },
    /// A varint does not end within 64 bits.
    #[error("the varint header does not fit in 64 bits")]
    VarintOverflow,
    /// A varint ends in a zero byte, so that a shorter one means the same length.
    #[error("the varint header is longer than its value needs")]
    VarintOverlong,
    /// The stream ended inside a header.
    #[error("the stream ended inside a header, at least {missing} bytes missing")]
    TruncatedHeader {
        /// How many bytes of the header were still to come, at least (a varint does not say).
        missing: usize,
    },
    /// The stream ended inside a payload.
    #[error("the stream ended inside a payload of {len} bytes, {missing} missing")]
    TruncatedPayload {
        /// How many bytes of the payload were still to come.
        missing: u64,
        /// The length in the header, in bytes.
        len: u64,
    },
    /// On writing: the header has no room for this length. Nothing was written.
    #[error("a payload of {len} bytes does not fit the header, which can announce {max}")]
    Unencodable {
        /// The length of the payload, in bytes.
        len: u64,
        /// The greatest length the header can announce, in bytes.
        max: u64,
    },
    /// On writing from a reader: it ended before the length that was promised for it.
    #[error("the source of the payload ended early, {missing} bytes missing")]
    SourceEnded {
        /// How many bytes the source should have had yet.
        missing: u64,
    },
    /// On writing: an earlier frame was cut off by an error, so the peer would take this one for its rest.
    /// Nothing was written; the stream can only be closed.
    #[error("an earlier frame was written in part only; the stream can't be used any more")]
    Broken,
}

impl FrameError {
    /// Whether this is a timeout of the stream beneath (`WouldBlock` or `TimedOut`), after which a reader may
    /// be asked again and goes on where it was.
    ///
    /// ```
    /// # use socketserver_framing::FrameError;
    /// let timeout = std::io::Error::from(std::io::ErrorKind::WouldBlock);
    /// assert!(FrameError::from(timeout).is_timeout());
    /// assert!(!FrameError::VarintOverflow.is_timeout());
    /// ```
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Io(error) if is_timeout(error))
    }
}

pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Io)
    }
}

impl From<FrameError> for io::Error {
    fn from(error: FrameError) -> Self {
        use FrameError::*;
        let kind = match error {
            Io(error) => return error,
            Negative { .. } | TooLong { .. } | VarintOverflow | VarintOverlong => io::ErrorKind::InvalidData,
            TruncatedHeader { .. } | TruncatedPayload { .. } | SourceEnded { .. } => {
                io::ErrorKind::UnexpectedEof
            }
            Unencodable { .. } => io::ErrorKind::InvalidInput,
            Broken => io::ErrorKind::BrokenPipe,
        };
        Self::new(kind, error)
    }
}
