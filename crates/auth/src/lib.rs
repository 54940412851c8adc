//! Proof that a peer knows a shared key, before anything else is said; both ends of the wire.
//!
//! Three handshakes, all over any [`Read`](std::io::Read) + [`Write`](std::io::Write):
//!
//! | module | proves | afterwards | speak it with |
//! |---|---|---|---|
//! | [`mutual`] | each side to the other | a [`Session`](mutual::Session) that seals frames | this crate |
//! | [`multiprocessing`] | each side to the other | nothing: the bytes that follow are unprotected | CPython's `multiprocessing.connection` |
//! | [`oneway`] | the client to the server | nothing | the challenge of Python tutorials |
//!
//! Choose [`mutual`] unless the peer is Python. Only it protects more than the first packet.
//!
//! ```
//! use socketserver_auth::{Key, mutual};
//! use std::net::{TcpListener, TcpStream};
//!
//! let key = Key::generate()?;
//! let server = mutual::Server::new(key.clone());
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let address = listener.local_addr()?;
//!
//! let handler = std::thread::spawn(move || -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
//!     let (mut request, _) = listener.accept()?;
//!     let mut session = server.handshake(&mut request)?;
//!     Ok(session.recv(&mut request)?.unwrap_or_default())
//! });
//!
//! let mut stream = TcpStream::connect(address)?;
//! let mut session = mutual::Client::new(key).handshake(&mut stream)?;
//! session.send(&mut stream, b"only now")?;
//! assert_eq!(handler.join().unwrap().unwrap(), b"only now");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where it runs
//!
//! **In the handler, never in an accept loop.** A handshake waits for its peer and a throttled peer is made to wait;
//! in an accept loop one silent client would stop everybody. In a handler the same client costs one
//! handler until the deadline (10 seconds unless set otherwise).
//!
//! # Rules that every handshake here keeps
//!
//! * Nothing is believed before it is bounded: each protocol has a fixed budget of bytes (`MAX_READ` in its module) and a
//!   deadline that a peer sending one byte at a time cannot stretch ([`HandshakeStream`]).
//! * Never a byte more is read than the handshake needs, so the stream may be used directly afterwards.
//! * Digests are compared in constant time; nonces come from the operating system at every use, so that a forked child
//!   never repeats its parent's.
//! * Every failure looks the same to the peer and to whoever prints it; [`AuthError::cause`] is for the server's log.
//! * A failed peer can be slowed and counted: [`Throttle`].
//!
//! # Features
//!
//! * `sha3` (default): the SHA-3 digests that CPython allows.
//! * `legacy-md5`: HMAC-MD5 for CPython 3.11 and older. Compiled in, it must still be asked for at run time, because features
//!   are shared by a whole build.
//! * `net`: handshakes over the streams of `socketserver-net`, as handlers are given them. The facade `socketserver` has it on, and this crate
//!   as `socketserver::auth`.
#![forbid(unsafe_code)]

mod digest;
mod error;
mod key;
pub mod multiprocessing;
pub mod mutual;
pub mod oneway;
mod random;
mod stream;
mod throttle;
mod wire;

pub use digest::Digest;
pub use error::{AuthError, Cause};
pub use key::{Key, KeyError};
pub use stream::{Duplex, HandshakeStream, Timeouts, Untimed};
pub use throttle::{Attempt, Refused, Throttle, peer_network};
