//! The handshake of CPython's [`multiprocessing.connection`], both sides: `Listener(authkey=…)` and `Client(authkey=…)`.
//!
//! Each message is a length (`!i`: four bytes, big end first, signed; or −1 and eight bytes) and at most 256 bytes.
//! Who listens delivers a challenge first and then answers one; who connects does the reverse.
//!
//! | | CPython 3.12 and newer | 3.11 and older |
//! |---|---|---|
//! | challenge | `#CHALLENGE#{sha256}` + 40 random bytes | `#CHALLENGE#` + 20 random bytes |
//! | answer | `{sha256}` + HMAC of everything after `#CHALLENGE#` | HMAC-MD5 of the same, bare |
//! | verdict | `#WELCOME#` or `#FAILURE#` | the same |
//!
//! The digest in braces may be sha256, sha384, sha3_256, sha3_384 (feature `sha3`) or md5. Everything with MD5,
//! in braces or bare, needs the feature `legacy-md5` *and* `allow_legacy_md5`. Allowed, it is allowed to everybody: whoever
//! sits in the middle can make a new peer be asked for it.
//!
//! After the handshake, Python's `send_bytes` and `recv_bytes` send one frame with the same kind of header, without this
//! limit; `send` and `recv` put a pickle into it, which must never be loaded from a peer that is not trusted entirely.
//!
//! # What it does not protect
//!
//! It proves the key at the beginning and nothing later: whoever sits in the middle may carry the handshake through unchanged and
//! then say anything in either name. The client answers challenges of a listener that has proved nothing yet, so that a false
//! listener can have a challenge answered that it got elsewhere: from the true listener, or from the same client on another
//! connection. Both sides refuse their own challenge when it comes back on the same connection ([`Cause::Reflected`]), which CPython
//! doesn't. So: on networks where somebody may sit in the middle, use TLS beneath it, or [`mutual`](crate::mutual) if
//! both ends are Rust; on one machine, prefer Unix sockets.
//!
//! [`multiprocessing.connection`]: https://docs.python.org/3/library/multiprocessing.html#module-multiprocessing.connection
//! [`Cause::Reflected`]: crate::Cause::Reflected

mod challenge;
mod client;
mod listener;
mod message;
mod policy;

pub use client::Client;
pub use listener::Listener;

/// The most that either side reads in a handshake, in bytes: three messages with the longest headers.
pub const MAX_READ: usize = 3 * (message::MAX_HEADER + message::MAX_MESSAGE);
