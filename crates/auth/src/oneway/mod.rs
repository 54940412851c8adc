//! The challenge of Python tutorials: the server sends 32 random bytes, the client answers with their bare HMAC.
//!
//! No headers, no verdict, no proof of the server: a client that guessed wrong finds the connection closed. In Python:
//!
//! ```python
//! def server_authenticate(connection, secret_key):
//!     message = os.urandom(32)
//!     connection.sendall(message)
//!     response = connection.recv(32)
//!     return hmac.compare_digest(hmac.new(secret_key, message, "sha256").digest(), response)
//!
//! def client_authenticate(connection, secret_key):
//!     message = connection.recv(32)
//!     connection.sendall(hmac.new(secret_key, message, "sha256").digest())
//! ```
//!
//! Programs from before Python 3.8 wrote `hmac.new(secret_key, message)`, which meant MD5: `.digest(Digest::Md5)`, which
//! exists with the feature `legacy-md5` only.
//!
//! # What it does not protect
//!
//! The server proves nothing, and the client answers any 32 bytes whatever: a false server can have the true server's challenge
//! answered. Nothing that follows is protected. Use it to talk to programs that exist; otherwise [`mutual`](crate::mutual), or TLS.

mod client;
mod server;

pub use client::Client;
pub use server::Server;

/// Bytes of a challenge.
pub const CHALLENGE: usize = 32;

/// The most that either side reads in a handshake, in bytes: the longest digest.
pub const MAX_READ: usize = 48;
