//! The form of a sealed frame.

use std::io;

/// What a sealed frame adds to its payload, in bytes: length, kind and tag.
pub const OVERHEAD: usize = HEADER + TAG;

/// The longest payload unless [`Session::max_payload`](super::Session::max_payload) says otherwise, in bytes: 1 MiB.
pub const DEFAULT_MAX_PAYLOAD: u32 = 1 << 20;

/// Length and kind.
pub(super) const HEADER: usize = 5;
pub(super) const TAG: usize = 32;

/// What a frame is for; part of what its tag covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data = 0,
    Close = 1,
}

pub(super) fn header(kind: Kind, length: u32) -> [u8; HEADER] {
    let [a, b, c, d] = length.to_be_bytes();
    [a, b, c, d, kind as u8]
}

/// Believes nothing yet but the length, and that only within the limit.
pub(super) fn parse_header(header: [u8; HEADER], limit: u32) -> Result<(Kind, u32), SealError> {
    let [a, b, c, d, kind] = header;
    let length = u32::from_be_bytes([a, b, c, d]);
    let kind = match kind {
        0 => Kind::Data,
        1 => Kind::Close,
        _ => return Err(SealError::Tampered),
    };
    if length > limit {
        return Err(SealError::TooLong { length: u64::from(length), limit });
    }
    Ok((kind, length))
}

/// A sealed conversation can't go on.
///
/// After any error but [`TooLong`](SealError::TooLong) on sending, the conversation is over: close the stream.
///
/// ```
/// # use socketserver_auth::mutual::SealError;
/// assert_eq!(SealError::Tampered.to_string(), "a frame was changed, dropped, repeated or reordered");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The frame is not the one that the peer sealed at this place of this conversation in this direction.
    #[error("a frame was changed, dropped, repeated or reordered")]
    Tampered,
    /// The stream ended before the peer's close frame: it was cut, or the peer died.
    #[error("the conversation was cut off")]
    Truncated,
    /// The payload to send, or the one announced, is longer than allowed.
    #[error("a payload of {length} bytes where at most {limit} are allowed")]
    TooLong {
        /// Bytes of the payload.
        length: u64,
        /// Bytes allowed.
        limit: u32,
    },
    /// The close frame was sent or received already, or an earlier error ended the conversation.
    #[error("the conversation is over")]
    Over,
    /// The stream failed; after a timeout too, as half a frame may have passed.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// As [`InvalidData`](io::ErrorKind::InvalidData), or as the stream's own error, for handlers whose errors are `io::Error`.
impl From<SealError> for io::Error {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Io(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        }
    }
}
