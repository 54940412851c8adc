//! The client's side of the mutual handshake.

use super::Session;
use super::proof::{ACCEPTED, ANSWER, HELLO, MAGIC, NONCE, PROOF, Transcript, VERDICT};
use crate::{AuthError, Cause, HandshakeStream, Key, random, wire};
use std::time::Duration;

/// Proves the client to the server, and verifies that the server knows the key too.
///
/// ```no_run
/// use socketserver_auth::{Key, mutual};
///
/// let mut stream = std::net::TcpStream::connect("127.0.0.1:8080")?;
/// let client = mutual::Client::new(Key::from_file("/etc/service/key")?);
/// let mut session = client.handshake(&mut stream)?;
/// session.send(&mut stream, b"hello")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    key: Key,
    context: Vec<u8>,
    timeout: Option<Duration>,
}

impl Client {
    /// A client with this key, no context, and a deadline of 10 seconds.
    pub fn new(key: Key) -> Self {
        Self { key, context: Vec::new(), timeout: Some(wire::DEFAULT_TIMEOUT) }
    }

    /// The same bytes as the server's [`context`](super::Server::context). Empty by default.
    pub fn context(mut self, context: impl Into<Vec<u8>>) -> Self {
        self.context = context.into();
        self
    }

    /// How long the whole handshake may take, 10 seconds by default; `None` leaves it to the stream's own timeouts.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Answers the server's challenge and verifies its proof. Blocks until done or the deadline.
    ///
    /// # Errors
    /// [`AuthError`] for whatever went wrong. Nothing from this peer can be believed; close the stream.
    pub fn handshake<S: HandshakeStream + ?Sized>(&self, stream: &mut S) -> Result<Session, AuthError> {
        wire::run(stream, self.timeout, HELLO + VERDICT, |wire| {
            if wire.read_array::<{ MAGIC.len() }>()? != MAGIC {
                return Err(Cause::Malformed("not this protocol or not this version"));
            }
            let server_nonce = wire.read_array::<NONCE>()?;
            let client_nonce = random::nonce::<NONCE>()?;
            let transcript = Transcript {
                key: &self.key,
                context: &self.context,
                server_nonce: &server_nonce,
                client_nonce: &client_nonce,
            };
            let client_proof = transcript.client_proof().finish();
            let mut answer = [0; ANSWER];
            answer[..NONCE].copy_from_slice(&client_nonce);
            answer[NONCE..].copy_from_slice(&client_proof);
            wire.send(&answer)?;

            let [verdict] = wire.read_array::<1>()?;
            let server_proof = wire.read_array::<PROOF>()?;
            if verdict != ACCEPTED {
                return Err(Cause::Rejected);
            }
            if !transcript.server_proof(&client_proof).matches(&server_proof) {
                return Err(Cause::WrongProof);
            }
            Ok(Session::of_client(transcript.session_secret(&client_proof, &server_proof)))
        })
    }
}
