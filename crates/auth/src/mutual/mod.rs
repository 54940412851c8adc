//! Our own handshake: both sides prove the key, and the whole conversation can be protected by it.
//!
//! ```text
//! server → client   "SSAUTH" 00 01 | server nonce (32)
//! client → server   client nonce (32) | client proof (32)
//! server → client   01 | server proof (32)            or 00 | 32 zeros: refused
//! ```
//!
//! With `MAC(k, parts…)` = HMAC-SHA-256 under `k` of all parts in order, each preceded by its length as eight bytes, big end first,
//! with `L` = `socketserver-auth mutual v1`, and with `context` = the bytes both sides were given ([`Server::context`],
//! empty by default):
//!
//! ```text
//! client proof     = MAC(key, L, "client proof", context, server nonce, client nonce)
//! server proof     = MAC(key, L, "server proof", context, server nonce, client nonce, client proof)
//! session secret   = MAC(key, L, "session secret", context, server nonce, client nonce, client proof, server proof)
//! sealing keys     = MAC(session secret, L, "seal client to server"), MAC(session secret, L, "seal server to client")
//! exported key     = MAC(session secret, L, "export", label)
//! sealed frame     = length of payload (u32, big end first) | kind (00 data, 01 close) | payload | tag (32)
//! tag              = MAC(sealing key, number of the frame from 0 (u64, big end first), kind, payload)
//! ```
//!
//! The number is counted, not sent: a frame that is changed, dropped, repeated, reordered or turned round fits no
//! expected tag. The close frame tells a finished conversation from a cut one.
//!
//! # Threat model
//!
//! Against somebody who reads, changes, drops, repeats and reorders everything on the network, but does not have the key:
//!
//! * **Held:** neither side can be impersonated. A proof is bound to both nonces, so it can't be replayed; to its role, so it
//!   can't be reflected; to label and context, so it serves no other protocol or service that shares the key. The server proves
//!   itself only to a client that has done so. Sealed frames arrive unchanged, in order, once, or not at all, and
//!   a cut conversation is told from a finished one.
//! * **Not held:** *confidentiality*: everything is readable. *Forward secrecy*: whoever learns the key later can compute the session
//!   keys of recorded conversations (but they hid nothing). *Weak keys*: a recorded handshake lets guesses be tried offline,
//!   and so does asking a client to prove itself to a false server. *Individual peers*: all who have the key are one; a holder
//!   can impersonate any other, the server too. *Frames that were not sealed*: reading the stream directly gives up integrity.
//!   *Availability*, beyond the deadline and [`Throttle`](crate::Throttle). *A relay* may carry a genuine handshake through
//!   unchanged; with sealed frames it can do no more than carry.
//!
//! Use **TLS** if what is said is secret, if clients need identities of their own, if the key is a password, or if a third party is
//! to vouch for the server. Inside TLS this handshake can still tell who knows the key: give both sides the TLS exporter's
//! value as [`Server::context`], and a handshake relayed from another TLS connection fails.

mod client;
mod frame;
mod opener;
mod proof;
mod sealer;
mod server;
mod session;

pub use client::Client;
pub use frame::{DEFAULT_MAX_PAYLOAD, OVERHEAD, SealError};
pub use opener::Opener;
pub use sealer::Sealer;
pub use server::Server;
pub use session::Session;

/// The most that either side reads in a handshake, in bytes.
pub const MAX_READ: usize = proof::HELLO + proof::VERDICT;

#[cfg(test)]
mod tests;
