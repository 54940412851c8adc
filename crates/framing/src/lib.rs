//! Message boundaries over a byte stream: length headers and lines.
//!
//! TCP carries bytes, not messages: two writes may arrive as one read, and one write as many. This crate puts the
//! boundaries back, for either end of the wire, over any [`Read`](std::io::Read) and [`Write`](std::io::Write):
//! [`FrameReader`] and [`FrameWriter`] put a length in front of each message, [`Framed`] does both, [`LineReader`]
//! and [`LineWriter`] end each message with a delimiter.
//!
//! What a peer announces is not believed: there is a limit, and memory follows what really arrives. A frame that is too
//! big for memory is read as a stream ([`FrameReader::read_stream`]) and written from one ([`FrameWriter::write_from`]).
//! A timeout in the middle of a message loses nothing.
//!
//! In a handler, with the feature `handlers`: `cx.framed(header)`, by `FramedContext`. The facade `socketserver` has this crate as
//! `socketserver::framing`.
//!
//! | [`Header`] | on the wire | Python | C and others |
//! |---|---|---|---|
//! | `I32Native` | 4 bytes, signed, this machine's order | `struct.pack('i', n)` | `int32_t` as it lies in memory |
//! | `U8` | 1 byte | `struct.pack('B', n)` | `uint8_t` |
//! | `U16Le` | 2 bytes, little-endian | `struct.pack('<H', n)` | `htole16(n)` |
//! | `U16Be` | 2 bytes, big-endian | `struct.pack('!H', n)` | `htons(n)`; DNS over TCP |
//! | `U32Le` | 4 bytes, little-endian | `struct.pack('<I', n)` | `htole32(n)` |
//! | `U32Be` | 4 bytes, big-endian | `struct.pack('!I', n)`; `logging.handlers.SocketHandler` | `htonl(n)` |
//! | `U64Le` | 8 bytes, little-endian | `struct.pack('<Q', n)` | `htole64(n)` |
//! | `U64Be` | 8 bytes, big-endian | `struct.pack('!Q', n)` | `htobe64(n)` |
//! | `Multiprocessing` | 4 bytes, signed, big-endian; above `0x7fff_ffff` −1 and 8 bytes | `multiprocessing.connection`: `send_bytes`, `recv_bytes` | – |
//! | `Varint` | 1 to 10 bytes, LEB128 | protobuf, length-delimited | protobuf's `writeDelimitedTo`, Go's `binary.PutUvarint` |
//! | ([`LineReader`]) | a delimiter after each message | `readline()` | `getdelim` |
//!
//! ```
//! use socketserver_framing::{FrameReader, FrameWriter, Header};
//!
//! let mut wire = Vec::new();
//! FrameWriter::new(&mut wire, Header::U16Be).write_frame(b"hello")?;
//! assert_eq!(wire, b"\0\x05hello");
//!
//! let mut reader = FrameReader::new(&wire[..], Header::U16Be).with_max_len(1024);
//! assert_eq!(reader.read_frame()?, Some(&b"hello"[..]));
//! assert_eq!(reader.read_frame()?, None);
//! # Ok::<(), socketserver_framing::FrameError>(())
//! ```

#![forbid(unsafe_code)]

#[cfg(feature = "handlers")]
mod context;
mod delimiter;
mod error;
mod framed;
mod gather;
mod halves;
mod header;
mod line_error;
mod line_reader;
mod line_state;
mod line_writer;
mod payload;
mod read_state;
mod reader;
mod stream_state;
mod varint;
mod write_state;
mod writer;

#[cfg(feature = "handlers")]
pub use context::FramedContext;
pub use error::FrameError;
pub use framed::Framed;
pub use halves::Halves;
pub use header::{Decoded, Header, HeaderBytes};
pub use line_error::LineError;
pub use line_reader::{DEFAULT_MAX_LINE_LEN, LineReader, Unterminated};
pub use line_writer::LineWriter;
pub use payload::Payload;
pub use reader::{DEFAULT_MAX_LEN, FrameReader};
pub use writer::FrameWriter;
