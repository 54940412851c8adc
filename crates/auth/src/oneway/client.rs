//! The side that answers.

use super::CHALLENGE;
use crate::{AuthError, Digest, HandshakeStream, Key, wire};
use std::time::Duration;

/// Proves to a server that this client knows the key: the tutorials' `client_authenticate`. [`Server`](super::Server) has an
/// example.
#[derive(Clone, Debug)]
pub struct Client {
    key: Key,
    digest: Digest,
    timeout: Option<Duration>,
}

impl Client {
    /// A client with this key, SHA-256, and a deadline of 10 seconds.
    pub fn new(key: Key) -> Self {
        Self { key, digest: Digest::default(), timeout: Some(wire::DEFAULT_TIMEOUT) }
    }

    /// The digest that the server expects, SHA-256 by default. Nothing on the wire names it.
    ///
    /// ```
    /// # use socketserver_auth::{Digest, Key, oneway::Client};
    /// let client = Client::new(Key::new("secret")?).digest(Digest::Sha384);
    /// # Ok::<(), socketserver_auth::KeyError>(())
    /// ```
    pub fn digest(mut self, digest: Digest) -> Self {
        self.digest = digest;
        self
    }

    /// How long the whole handshake may take, 10 seconds by default; `None` leaves it to the stream's own timeouts.
    ///
    /// ```
    /// # use socketserver_auth::{Key, oneway::Client};
    /// let patient = Client::new(Key::new("secret")?).timeout(None);
    /// # Ok::<(), socketserver_auth::KeyError>(())
    /// ```
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Answers the server's challenge. Blocks until the answer is sent, or the deadline.
    ///
    /// `Ok` means sent, not accepted: the server says nothing, it only closes the connection if the answer was wrong.
    ///
    /// # Errors
    /// [`AuthError`] for whatever went wrong.
    pub fn handshake<S: HandshakeStream + ?Sized>(&self, stream: &mut S) -> Result<(), AuthError> {
        wire::run(stream, self.timeout, CHALLENGE, |wire| {
            let challenge = wire.read_array::<CHALLENGE>()?;
            wire.send(&self.digest.mac(&self.key, &challenge))
        })
    }
}
