//! The side that challenges.

use super::CHALLENGE;
use crate::{AuthError, Cause, Digest, HandshakeStream, Key, random, wire};
use std::time::Duration;

/// Verifies that a client knows the key: the tutorials' `server_authenticate`.
///
/// ```
/// use socketserver_auth::{Key, oneway};
/// use std::{os::unix::net::UnixStream, thread};
///
/// let (mut ours, mut theirs) = UnixStream::pair()?;
/// let server = oneway::Server::new(Key::new("secret")?);
/// let handler = thread::spawn(move || server.handshake(&mut ours).is_err());
///
/// oneway::Client::new(Key::new("guess")?).handshake(&mut theirs)?; // it can't know yet
/// assert!(handler.join().unwrap());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    key: Key,
    digest: Digest,
    timeout: Option<Duration>,
}

impl Server {
    /// A server with this key, SHA-256, and a deadline of 10 seconds.
    pub fn new(key: Key) -> Self {
        Self { key, digest: Digest::default(), timeout: Some(wire::DEFAULT_TIMEOUT) }
    }

    /// The digest that the client must use, SHA-256 by default. Nothing on the wire names it.
    pub fn digest(mut self, digest: Digest) -> Self {
        self.digest = digest;
        self
    }

    /// How long the whole handshake may take, 10 seconds by default; `None` leaves it to the stream's own timeouts.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Challenges the client and verifies its answer. Blocks until done or the deadline.
    ///
    /// # Errors
    /// [`AuthError`] for whatever went wrong. Close the stream; the protocol has no word for "no".
    pub fn handshake<S: HandshakeStream + ?Sized>(&self, stream: &mut S) -> Result<(), AuthError> {
        wire::run(stream, self.timeout, self.digest.size(), |wire| {
            let challenge = random::nonce::<CHALLENGE>()?;
            wire.send(&challenge)?;
            let mut answer = vec![0; self.digest.size()];
            wire.read_exact(&mut answer)?;
            if self.digest.verify(&self.key, &challenge, &answer) { Ok(()) } else { Err(Cause::WrongProof) }
        })
    }
}
