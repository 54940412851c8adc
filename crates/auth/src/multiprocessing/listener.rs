//! The side that CPython calls `Listener`.

use super::MAX_READ;
use super::challenge::{answer_challenge, deliver_challenge, new_challenge};
use super::policy::Policy;
use crate::{AuthError, Digest, HandshakeStream, Key, wire};
use std::time::Duration;

/// Authenticates peers that connect with `multiprocessing.connection.Client(address, authkey=…)`: what Python's
/// `Listener.accept` does after accepting.
///
/// ```no_run
/// use socketserver_auth::{Key, multiprocessing};
///
/// let listener = multiprocessing::Listener::new(Key::new("secret")?);
/// let socket = std::net::TcpListener::bind("127.0.0.1:6000")?;
/// let (mut request, peer) = socket.accept()?;
/// // In the handler:
/// if let Err(error) = listener.handshake(&mut request) {
///     eprintln!("{peer}: {error}: {}", error.cause());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Listener {
    key: Key,
    policy: Policy,
    timeout: Option<Duration>,
}

impl Listener {
    /// A listener with this key (Python's `authkey`), SHA-256, no MD5, and a deadline of 10 seconds.
    pub fn new(key: Key) -> Self {
        Self { key, policy: Policy::default(), timeout: Some(wire::DEFAULT_TIMEOUT) }
    }

    /// The digest named in our challenge, SHA-256 by default: Python's `digest_name`. The peer may answer with any that is allowed.
    /// To name `Digest::Md5` here is to allow it.
    ///
    /// ```
    /// # use socketserver_auth::{Digest, Key, multiprocessing::Listener};
    /// let listener = Listener::new(Key::new("secret")?).digest(Digest::Sha384);
    /// # Ok::<(), socketserver_auth::KeyError>(())
    /// ```
    pub fn digest(mut self, digest: Digest) -> Self {
        self.policy.digest = digest;
        self
    }

    /// Whether peers may use HMAC-MD5, as CPython 3.11 and older do; `false` by default. They then fail the handshake.
    ///
    /// ```
    /// # use socketserver_auth::{Key, multiprocessing::Listener};
    /// let listener = Listener::new(Key::new("secret")?).allow_legacy_md5(true);
    /// # Ok::<(), socketserver_auth::KeyError>(())
    /// ```
    #[cfg(feature = "legacy-md5")]
    pub fn allow_legacy_md5(mut self, allow: bool) -> Self {
        self.policy.legacy_md5 = allow;
        self
    }

    /// How long the whole handshake may take, 10 seconds by default; `None` leaves it to the stream's own timeouts, as Python
    /// does.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Delivers a challenge, then answers the client's. Blocks until done or the deadline.
    ///
    /// # Errors
    /// [`AuthError`] for whatever went wrong: Python's `AuthenticationError`, `OSError` and `EOFError`. Close the stream.
    pub fn handshake<S: HandshakeStream + ?Sized>(&self, stream: &mut S) -> Result<(), AuthError> {
        wire::run(stream, self.timeout, MAX_READ, |wire| {
            let ours = new_challenge(self.policy)?;
            deliver_challenge(wire, &self.key, self.policy, &ours)?;
            answer_challenge(wire, &self.key, self.policy, Some(&ours))
        })
    }
}
