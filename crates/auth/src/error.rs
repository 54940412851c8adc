//! One failure for everybody; its cause for the server's log.

use std::{fmt, io};

/// A handshake failed.
///
/// `Display` and `Debug` say "authentication failed" and no more, and there is no
/// [`source`](std::error::Error::source): whatever prints this error, or sends it to the peer, can't tell an attacker how close
/// the guess was. A log reads [`cause`](AuthError::cause).
///
/// ```
/// use socketserver_auth::{Cause, Key, Untimed, oneway};
///
/// let mut silent = Untimed::new(std::io::Cursor::new(Vec::new()));
/// let error = oneway::Client::new(Key::new("secret")?).handshake(&mut silent).unwrap_err();
/// assert_eq!(error.to_string(), "authentication failed");
/// assert!(matches!(error.cause(), Cause::Closed));
/// # Ok::<(), socketserver_auth::KeyError>(())
/// ```
pub struct AuthError {
    cause: Cause,
}

impl AuthError {
    /// Why, for the server's own log or event; never for the peer.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("authentication failed")
    }
}

impl fmt::Debug for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthError(..)")
    }
}

// No `source`: error reporters print the whole chain.
impl std::error::Error for AuthError {}

impl From<Cause> for AuthError {
    fn from(cause: Cause) -> Self {
        Self { cause }
    }
}

/// As [`PermissionDenied`](io::ErrorKind::PermissionDenied), for handlers whose errors are `io::Error`; the cause stays
/// reachable by downcasting.
impl From<AuthError> for io::Error {
    fn from(error: AuthError) -> Self {
        io::Error::new(io::ErrorKind::PermissionDenied, error)
    }
}

/// Why a handshake failed, from [`AuthError::cause`]. Its `Display` is meant for the server's log.
///
/// ```
/// # use socketserver_auth::Cause;
/// assert_eq!(Cause::WrongProof.to_string(), "the peer's digest is wrong: it does not know the key");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The peer answered in the right form, but its digest does not fit: another key, a replayed or a reflected answer.
    #[error("the peer's digest is wrong: it does not know the key")]
    WrongProof,
    /// The peer says that *our* answer was wrong.
    #[error("the peer rejected our digest")]
    Rejected,
    /// The peer sent something that this protocol does not allow here.
    #[error("protocol error: {0}")]
    Malformed(&'static str),
    /// The peer announced a longer message than the protocol allows, or used up the handshake's byte budget.
    #[error("{announced} bytes announced where at most {limit} are allowed")]
    TooLarge {
        /// Bytes that the peer announced.
        announced: u64,
        /// Bytes that were allowed.
        limit: u64,
    },
    /// The peer asked for a digest that is unknown or not compiled in.
    #[error("digest unsupported")]
    UnsupportedDigest,
    /// The peer speaks HMAC-MD5, which was not allowed.
    #[error("the peer speaks legacy HMAC-MD5, which is not allowed")]
    LegacyRefused,
    /// The peer sent our own challenge back to have us answer it.
    #[error("our own challenge was reflected")]
    Reflected,
    /// The handshake's deadline passed, or the stream's own timeout ran out.
    #[error("the handshake's deadline passed")]
    TimedOut,
    /// The peer closed its side in the middle of the handshake.
    #[error("closed in the middle of the handshake")]
    Closed,
    /// The operating system gave no random bytes for a nonce.
    #[error("no random bytes from the operating system: {0}")]
    Random(io::Error),
    /// Any other error of the stream.
    #[error("{0}")]
    Io(io::Error),
}
