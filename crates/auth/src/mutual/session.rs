//! What a successful handshake yields.

use super::proof::{self, Direction};
use super::{Opener, SealError, Sealer};
use crate::Key;
use std::fmt;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// A conversation with a peer that proved the key: seals what is sent and opens what arrives.
///
/// Frames carry whole messages up to a limit, each with a MAC over its number, under a key of its own direction; see
/// [the module](super) for what that protects against. Nothing is encrypted.
///
/// ```
/// use socketserver_auth::{Key, mutual};
/// # use std::{os::unix::net::UnixStream, thread};
/// # let (mut ours, mut theirs) = UnixStream::pair()?;
/// # let key = Key::generate()?;
/// # let server = mutual::Server::new(key.clone());
/// # let handler = thread::spawn(move || { let session = server.handshake(&mut ours); (session, ours) });
/// # let mut client = mutual::Client::new(key).handshake(&mut theirs)?;
/// # let (server, mut ours) = handler.join().unwrap();
/// # let mut server = server?;
/// // As reader and writer: a socket, or a handler's rfile and wfile.
/// client.send(&mut theirs, b"one")?;
/// client.send_close(&mut theirs)?;
/// assert_eq!(server.recv(&mut ours)?.as_deref(), Some(&b"one"[..]));
/// assert_eq!(server.recv(&mut ours)?, None);
///
/// // As pure functions of bytes; here the other direction is still open.
/// let frame = server.seal(b"two")?;
/// let mut changed = frame.clone();
/// changed[6] ^= 1;
/// assert!(client.open(&changed).is_err());
/// assert!(client.open(&frame).is_err(), "an error ends the conversation");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Session {
    sealer: Sealer,
    opener: Opener,
    secret: Zeroizing<[u8; 32]>,
}

impl Session {
    pub(super) fn of_server(secret: Zeroizing<[u8; 32]>) -> Self {
        Self::new(secret, Direction::ServerToClient, Direction::ClientToServer)
    }

    pub(super) fn of_client(secret: Zeroizing<[u8; 32]>) -> Self {
        Self::new(secret, Direction::ClientToServer, Direction::ServerToClient)
    }

    fn new(secret: Zeroizing<[u8; 32]>, sends: Direction, receives: Direction) -> Self {
        let sealer = Sealer::new(proof::sealing_key(&secret, sends));
        let opener = Opener::new(proof::sealing_key(&secret, receives));
        Self { sealer, opener, secret }
    }

    /// The longest payload in bytes, of frames sent and received; [1 MiB](super::DEFAULT_MAX_PAYLOAD) by default. A longer one is
    /// refused as soon as its length is read.
    ///
    /// ```
    /// # use socketserver_auth::mutual::{SealError, Session};
    /// fn small(session: Session) -> Session {
    ///     session.max_payload(4096)
    /// }
    /// ```
    pub fn max_payload(self, bytes: u32) -> Self {
        self.max_payload_sent(bytes).max_payload_received(bytes)
    }

    /// The longest payload of frames sent, in bytes; as [`max_payload`](Self::max_payload), for this direction alone.
    pub fn max_payload_sent(mut self, bytes: u32) -> Self {
        self.sealer.limit(bytes);
        self
    }

    /// The longest payload of frames received, in bytes; as [`max_payload`](Self::max_payload), for this direction alone. Where questions
    /// are short and answers are long, a server need not take long ones.
    ///
    /// ```
    /// # use socketserver_auth::mutual::Session;
    /// fn of_a_server(session: Session) -> Session {
    ///     session.max_payload_received(1024).max_payload_sent(64 << 10)
    /// }
    /// ```
    pub fn max_payload_received(mut self, bytes: u32) -> Self {
        self.opener.limit(bytes);
        self
    }

    /// Seals the payload as the next frame; see [`Sealer::seal`].
    ///
    /// # Errors
    /// [`SealError::TooLong`], [`SealError::Over`].
    pub fn seal(&mut self, payload: &[u8]) -> Result<Vec<u8>, SealError> {
        self.sealer.seal(payload)
    }

    /// Opens the next frame; see [`Opener::open`].
    ///
    /// # Errors
    /// Any [`SealError`] but `Io`; it ends the conversation.
    pub fn open<'f>(&mut self, frame: &'f [u8]) -> Result<Option<&'f [u8]>, SealError> {
        self.opener.open(frame)
    }

    /// Seals, writes and flushes one frame; see [`Sealer::send`].
    ///
    /// # Errors
    /// [`SealError::TooLong`], [`SealError::Over`], [`SealError::Io`].
    pub fn send<W: Write + ?Sized>(&mut self, writer: &mut W, payload: &[u8]) -> Result<(), SealError> {
        self.sealer.send(writer, payload)
    }

    /// Says that nothing more will be sent; see [`Sealer::send_close`]. The other direction stays open.
    ///
    /// # Errors
    /// [`SealError::Over`], [`SealError::Io`].
    pub fn send_close<W: Write + ?Sized>(&mut self, writer: &mut W) -> Result<(), SealError> {
        self.sealer.send_close(writer)
    }

    /// Reads and opens one frame; `None` once the peer has closed; see [`Opener::recv`].
    ///
    /// # Errors
    /// Any [`SealError`]; it ends the conversation.
    pub fn recv<R: Read + ?Sized>(&mut self, reader: &mut R) -> Result<Option<Vec<u8>>, SealError> {
        self.opener.recv(reader)
    }

    /// A key of 32 bytes that only the two peers of this session know, the same on both sides for the same label. For uses that
    /// frames don't cover: another cipher, a second connection, a token.
    ///
    /// ```
    /// # use socketserver_auth::{Key, mutual::Session};
    /// fn token_key(session: &Session) -> Key {
    ///     session.export("download tokens")
    /// }
    /// ```
    pub fn export(&self, label: impl AsRef<[u8]>) -> Key {
        let bytes = Zeroizing::new(proof::exported(&self.secret, label.as_ref()));
        Key::new(bytes.as_slice()).expect("32 bytes are not empty")
    }

    /// The two directions apart, for a thread each.
    ///
    /// ```
    /// # use socketserver_auth::mutual::{Opener, Sealer, Session};
    /// fn halves(session: Session) -> (Sealer, Opener) {
    ///     session.split()
    /// }
    /// ```
    pub fn split(self) -> (Sealer, Opener) {
        (self.sealer, self.opener)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("sealer", &self.sealer)
            .field("opener", &self.opener)
            .finish_non_exhaustive()
    }
}
