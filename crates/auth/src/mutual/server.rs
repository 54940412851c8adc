//! The server's side of the mutual handshake.

use super::Session;
use super::proof::{ACCEPTED, ANSWER, HELLO, MAGIC, NONCE, PROOF, REFUSED, Transcript, VERDICT};
use crate::{AuthError, Cause, HandshakeStream, Key, random, wire};
use std::time::Duration;

/// Verifies clients, and proves the server to those that pass.
///
/// It holds no state between handshakes: make one, put it in the server's state, and call
/// [`handshake`](Server::handshake) from every handler. See [the module](super) for the protocol and what it protects against.
///
/// ```
/// use socketserver_auth::{Key, mutual};
/// use std::{os::unix::net::UnixStream, thread, time::Duration};
///
/// let key = Key::generate()?;
/// let (mut ours, mut theirs) = UnixStream::pair()?;
/// let server = mutual::Server::new(key.clone()).context("billing").timeout(Duration::from_secs(5));
/// let handler = thread::spawn(move || server.handshake(&mut ours).is_ok());
///
/// let client = mutual::Client::new(key).context("billing");
/// client.handshake(&mut theirs)?;
/// assert!(handler.join().unwrap());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    key: Key,
    context: Vec<u8>,
    timeout: Option<Duration>,
}

impl Server {
    /// A server with this key, no context, and a deadline of 10 seconds.
    pub fn new(key: Key) -> Self {
        Self { key, context: Vec::new(), timeout: Some(wire::DEFAULT_TIMEOUT) }
    }

    /// Binds these bytes into every proof; the client must give the same. Empty by default. Name the service here if two of them
    /// share a key, or give the TLS exporter's value to bind the handshake to its TLS connection.
    pub fn context(mut self, context: impl Into<Vec<u8>>) -> Self {
        self.context = context.into();
        self
    }

    /// How long the whole handshake may take, 10 seconds by default; `None` leaves it to the stream's own timeouts.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Challenges the client, verifies its answer, and proves the server. Blocks until done or the deadline.
    ///
    /// # Errors
    /// [`AuthError`] for whatever went wrong. A client with a wrong answer has been told so; close the stream.
    pub fn handshake<S: HandshakeStream + ?Sized>(&self, stream: &mut S) -> Result<Session, AuthError> {
        wire::run(stream, self.timeout, ANSWER, |wire| {
            let server_nonce = random::nonce::<NONCE>()?;
            let mut hello = [0; HELLO];
            hello[..MAGIC.len()].copy_from_slice(&MAGIC);
            hello[MAGIC.len()..].copy_from_slice(&server_nonce);
            wire.send(&hello)?;

            let client_nonce = wire.read_array::<NONCE>()?;
            let client_proof = wire.read_array::<PROOF>()?;
            let transcript = Transcript {
                key: &self.key,
                context: &self.context,
                server_nonce: &server_nonce,
                client_nonce: &client_nonce,
            };
            let mut verdict = [REFUSED; VERDICT];
            if !transcript.client_proof().matches(&client_proof) {
                // The failure counts, whether or not the peer still listens.
                let _ = wire.send(&verdict);
                return Err(Cause::WrongProof);
            }
            let server_proof = transcript.server_proof(&client_proof).finish();
            verdict[0] = ACCEPTED;
            verdict[1..].copy_from_slice(&server_proof);
            wire.send(&verdict)?;
            Ok(Session::of_server(transcript.session_secret(&client_proof, &server_proof)))
        })
    }
}
