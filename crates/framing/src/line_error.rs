use crate::error::is_timeout;
use std::io;

/// Why a line could not be read or written.
///
/// Converts into [`io::Error`], so `?` works in functions that return `io::Result`.
///
/// ```
/// use socketserver_framing::{LineError, LineReader};
///
/// let mut lines = LineReader::new(&b"too long\nok\n"[..]).with_max_len(4);
/// let error = lines.read_line().unwrap_err();
/// assert!(matches!(error, LineError::TooLong { max: 4 }));
/// assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::InvalidData);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The stream beneath failed. After a timeout ([`is_timeout`](Self::is_timeout)) a reader can go on.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// More bytes than the limit came without a delimiter. The next read passes over the rest of the line.
    #[error("a line is longer than the limit of {max} bytes")]
    TooLong {
        /// The limit, in bytes, without the delimiter.
        max: usize,
    },
    /// The stream ended inside a line, and the reader is to [reject](crate::Unterminated::Reject) that.
    #[error("the stream ended inside a line, after {len} bytes of it")]
    Unterminated {
        /// How many bytes of the line had arrived.
        len: usize,
    },
    /// On writing: the line contains the delimiter, so the peer would take it for two. Nothing was written.
    #[error("the line contains its own delimiter at byte {at}")]
    DelimiterInside {
        /// Where the delimiter begins.
        at: usize,
    },
    /// On writing: an earlier line was cut off by an error, so the peer would take this one for its rest. Nothing
    /// was written; the stream can only be closed.
    #[error("an earlier line was written in part only; the stream can't be used any more")]
    Broken,
}

impl LineError {
    /// Whether this is a timeout of the stream beneath (`WouldBlock` or `TimedOut`), after which a reader may
    /// be asked again and goes on where it was.
    ///
    /// ```
    /// # use socketserver_framing::LineError;
    /// let timeout = std::io::Error::from(std::io::ErrorKind::TimedOut);
    /// assert!(LineError::from(timeout).is_timeout());
    /// ```
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Io(error) if is_timeout(error))
    }
}

impl From<LineError> for io::Error {
    fn from(error: LineError) -> Self {
        let kind = match error {
            LineError::Io(error) => return error,
            LineError::TooLong { .. } => io::ErrorKind::InvalidData,
            LineError::Unterminated { .. } => io::ErrorKind::UnexpectedEof,
            LineError::DelimiterInside { .. } => io::ErrorKind::InvalidInput,
            LineError::Broken => io::ErrorKind::BrokenPipe,
        };
        Self::new(kind, error)
    }
}
