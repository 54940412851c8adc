//! The side that CPython calls `Client`.

use super::MAX_READ;
use super::challenge::{answer_challenge, deliver_challenge, new_challenge};
use super::policy::Policy;
use crate::{AuthError, Digest, HandshakeStream, Key, wire};
use std::time::Duration;

/// Authenticates with a `multiprocessing.connection.Listener(…, authkey=…)`: what Python's `Client` does after connecting.
///
/// ```
/// use socketserver_auth::{Key, multiprocessing};
/// use std::{os::unix::net::UnixStream, thread};
///
/// let (mut ours, mut theirs) = UnixStream::pair()?;
/// let listener = multiprocessing::Listener::new(Key::new("secret")?);
/// let handler = thread::spawn(move || listener.handshake(&mut ours).is_ok());
///
/// multiprocessing::Client::new(Key::new("secret")?).handshake(&mut theirs)?;
/// assert!(handler.join().unwrap());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    key: Key,
    policy: Policy,
    timeout: Option<Duration>,
}

impl Client {
    /// A client with this key (Python's `authkey`), SHA-256, no MD5, and a deadline of 10 seconds.
    pub fn new(key: Key) -> Self {
        Self { key, policy: Policy::default(), timeout: Some(wire::DEFAULT_TIMEOUT) }
    }

    /// The digest named in our challenge, SHA-256 by default. The listener may answer with any that is allowed.
    /// To name `Digest::Md5` here is to allow it.
    pub fn digest(mut self, digest: Digest) -> Self {
        self.policy.digest = digest;
        self
    }

    /// Whether the listener may use HMAC-MD5, as CPython 3.11 and older do; `false` by default. It then fails the handshake.
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

    /// Answers the listener's challenge, then delivers one. Blocks until done or the deadline.
    ///
    /// # Errors
    /// [`AuthError`] for whatever went wrong: Python's `AuthenticationError`, `OSError` and `EOFError`. Close the stream.
    pub fn handshake<S: HandshakeStream + ?Sized>(&self, stream: &mut S) -> Result<(), AuthError> {
        wire::run(stream, self.timeout, MAX_READ, |wire| {
            answer_challenge(wire, &self.key, self.policy, None)?;
            let ours = new_challenge(self.policy)?;
            deliver_challenge(wire, &self.key, self.policy, &ours)
        })
    }
}
