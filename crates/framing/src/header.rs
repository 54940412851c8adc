use crate::{FrameError, varint};
use std::ops::Deref;

/// The longest header there is: [`Header::Multiprocessing`] for a payload above `0x7fff_ffff` bytes.
pub(crate) const MAX_HEADER_LEN: usize = 12;

/// How the length of a payload is written in front of it.
///
/// ```
/// use socketserver_framing::{Decoded, Header};
///
/// const HEADER: Header = Header::U32Be;
/// assert_eq!(*HEADER.encode(5)?, [0, 0, 0, 5]);
/// assert_eq!(HEADER.decode(&[0, 0, 0, 5, b'h'])?, Decoded::Complete { len: 5, header_len: 4 });
/// assert_eq!(HEADER.decode(&[0, 0])?, Decoded::Incomplete { missing: 2 });
/// # Ok::<(), socketserver_framing::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Header {
    /// 4 bytes, signed, in this machine's byte order: Python's `struct.pack('i', n)`, C's `int32_t`.
    /// A negative length is an error.
    I32Native,
    /// 1 byte: Python's `struct.pack('B', n)`.
    U8,
    /// 2 bytes, little-endian: Python's `struct.pack('<H', n)`.
    U16Le,
    /// 2 bytes, big-endian (network order): Python's `struct.pack('!H', n)`, C's `htons(n)`.
    U16Be,
    /// 4 bytes, little-endian: Python's `struct.pack('<I', n)`.
    U32Le,
    /// 4 bytes, big-endian (network order): Python's `struct.pack('!I', n)`, C's `htonl(n)`. Also what
    /// `logging.handlers.SocketHandler` sends.
    U32Be,
    /// 8 bytes, little-endian: Python's `struct.pack('<Q', n)`.
    U64Le,
    /// 8 bytes, big-endian (network order): Python's `struct.pack('!Q', n)`.
    U64Be,
    /// The header of `multiprocessing.connection` (`send_bytes`, `recv_bytes`): `struct.pack('!i', n)`, and above
    /// `0x7fff_ffff` bytes `struct.pack('!iQ', -1, n)`. Any other negative length is an error here; Python takes
    /// it for an empty message. The long form is accepted for a small length too, as in Python.
    Multiprocessing,
    /// Unsigned LEB128, 1 to 10 bytes: protobuf's `writeDelimitedTo`, Go's `binary.PutUvarint`. Only the shortest
    /// form of a length is accepted.
    ///
    /// It has to be read byte by byte, so the stream beneath should be buffered.
    Varint,
}

/// What [`Header::decode`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// The header is not all there.
    Incomplete {
        /// How many bytes to read at least; reading that many never reads past the header.
        missing: usize,
    },
    /// The header is complete.
    Complete {
        /// The length of the payload, in bytes. No limit was applied to it.
        len: u64,
        /// The length of the header itself, in bytes.
        header_len: usize,
    },
}

/// The bytes of one header; dereferences to a slice. Made by [`Header::encode`].
#[derive(Clone, Copy, Debug)]
pub struct HeaderBytes {
    bytes: [u8; MAX_HEADER_LEN],
    len: usize,
}

impl HeaderBytes {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; MAX_HEADER_LEN], len: 0 }
    }

    pub(crate) fn push(mut self, more: &[u8]) -> Self {
        self.bytes[self.len..][..more.len()].copy_from_slice(more);
        self.len += more.len();
        self
    }
}

impl Deref for HeaderBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Header {
    /// Every header there is, for tests and menus.
    ///
    /// ```
    /// # use socketserver_framing::Header;
    /// assert!(Header::ALL.contains(&Header::Varint));
    /// ```
    pub const ALL: &[Self] = &[
        Self::I32Native,
        Self::U8,
        Self::U16Le,
        Self::U16Be,
        Self::U32Le,
        Self::U32Be,
        Self::U64Le,
        Self::U64Be,
        Self::Multiprocessing,
        Self::Varint,
    ];

    /// The greatest length that this header can announce, in bytes.
    ///
    /// ```
    /// # use socketserver_framing::Header;
    /// assert_eq!(Header::I32Native.max_len(), 0x7fff_ffff);
    /// ```
    pub const fn max_len(self) -> u64 {
        match self {
            Self::I32Native => i32::MAX as u64,
            Self::U8 => u8::MAX as u64,
            Self::U16Le | Self::U16Be => u16::MAX as u64,
            Self::U32Le | Self::U32Be => u32::MAX as u64,
            Self::U64Le | Self::U64Be | Self::Multiprocessing | Self::Varint => u64::MAX,
        }
    }

    /// The header for a payload of `len` bytes.
    ///
    /// # Errors
    /// [`FrameError::Unencodable`] if `len` is more than [`max_len`](Self::max_len).
    ///
    /// ```
    /// # use socketserver_framing::Header;
    /// assert_eq!(*Header::Varint.encode(300).unwrap(), [0xac, 0x02]);
    /// assert!(Header::U8.encode(256).is_err());
    /// ```
    pub fn encode(self, len: u64) -> Result<HeaderBytes, FrameError> {
        if len > self.max_len() {
            return Err(FrameError::Unencodable { len, max: self.max_len() });
        }
        let bytes = HeaderBytes::new();
        // The casts lose nothing: `max_len` was checked.
        Ok(match self {
            Self::I32Native => bytes.push(&(len as i32).to_ne_bytes()),
            Self::U8 => bytes.push(&[len as u8]),
            Self::U16Le => bytes.push(&(len as u16).to_le_bytes()),
            Self::U16Be => bytes.push(&(len as u16).to_be_bytes()),
            Self::U32Le => bytes.push(&(len as u32).to_le_bytes()),
            Self::U32Be => bytes.push(&(len as u32).to_be_bytes()),
            Self::U64Le => bytes.push(&len.to_le_bytes()),
            Self::U64Be => bytes.push(&len.to_be_bytes()),
            Self::Multiprocessing => match i32::try_from(len) {
                Ok(len) => bytes.push(&len.to_be_bytes()),
                Err(_) => bytes.push(&(-1i32).to_be_bytes()).push(&len.to_be_bytes()),
            },
            Self::Varint => varint::encode(len),
        })
    }

    /// Looks for a header at the start of `bytes`. For code that does its own reading (datagrams, say);
    /// [`FrameReader`](crate::FrameReader) is built on it.
    ///
    /// # Errors
    /// [`FrameError::Negative`], [`FrameError::VarintOverflow`] or [`FrameError::VarintOverlong`], as soon as the
    /// bytes show it.
    ///
    /// ```
    /// # use socketserver_framing::{FrameError, Header};
    /// let error = Header::Multiprocessing.decode(&(-2i32).to_be_bytes()).unwrap_err();
    /// assert!(matches!(error, FrameError::Negative { value: -2 }));
    /// ```
    pub fn decode(self, bytes: &[u8]) -> Result<Decoded, FrameError> {
        match self {
            Self::I32Native => fixed(bytes, |b| unsigned(i32::from_ne_bytes(b))),
            Self::U8 => fixed(bytes, |[b]| Ok(b.into())),
            Self::U16Le => fixed(bytes, |b| Ok(u16::from_le_bytes(b).into())),
            Self::U16Be => fixed(bytes, |b| Ok(u16::from_be_bytes(b).into())),
            Self::U32Le => fixed(bytes, |b| Ok(u32::from_le_bytes(b).into())),
            Self::U32Be => fixed(bytes, |b| Ok(u32::from_be_bytes(b).into())),
            Self::U64Le => fixed(bytes, |b| Ok(u64::from_le_bytes(b))),
            Self::U64Be => fixed(bytes, |b| Ok(u64::from_be_bytes(b))),
            Self::Multiprocessing => match bytes.split_first_chunk() {
                Some((&short, rest)) if i32::from_be_bytes(short) == -1 => {
                    Ok(match fixed(rest, |b| Ok(u64::from_be_bytes(b)))? {
                        Decoded::Complete { len, header_len } => {
                            Decoded::Complete { len, header_len: short.len() + header_len }
                        }
                        incomplete => incomplete,
                    })
                }
                _ => fixed(bytes, |b| unsigned(i32::from_be_bytes(b))),
            },
            Self::Varint => varint::decode(bytes),
        }
    }
}

/// A header of `N` bytes.
fn fixed<const N: usize>(
    bytes: &[u8],
    len: impl FnOnce([u8; N]) -> Result<u64, FrameError>,
) -> Result<Decoded, FrameError> {
    match bytes.first_chunk() {
        Some(header) => Ok(Decoded::Complete { len: len(*header)?, header_len: N }),
        None => Ok(Decoded::Incomplete { missing: N - bytes.len() }),
    }
}

fn unsigned(value: i32) -> Result<u64, FrameError> {
    u64::try_from(value).map_err(|_| FrameError::Negative { value: value.into() })
}
