//! What the fuzz targets share.

use socketserver_auth::{HandshakeStream, Key, mutual};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

/// A peer that says what the fuzzer says, in pieces of any size, and listens to anything.
#[derive(Debug)]
pub struct Peer<'a> {
    input: &'a [u8],
    piece: usize,
    /// Bytes that the side under test has read.
    pub read: usize,
    /// Bytes that it has written.
    pub written: usize,
}

impl<'a> Peer<'a> {
    /// `piece` is the most that one read gives.
    pub fn new(input: &'a [u8], piece: u8) -> Self {
        Self { input, piece: usize::from(piece).max(1), read: 0, written: 0 }
    }
}

impl Read for Peer<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(self.piece);
        let count = self.input.read(&mut buffer[..room])?;
        self.read += count;
        Ok(count)
    }
}

impl Write for Peer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.piece);
        self.written += count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl HandshakeStream for Peer<'_> {}

/// The key that the fuzzer does not know.
pub fn key() -> Key {
    Key::new("the fuzzer does not know it").expect("not empty")
}

/// Both ends of a session.
pub fn sessions() -> (mutual::Session, mutual::Session) {
    let (mut ours, mut theirs) = UnixStream::pair().expect("two descriptors");
    thread::scope(|scope| {
        let server = scope.spawn(move || mutual::Server::new(key()).handshake(&mut ours));
        let client = mutual::Client::new(key()).handshake(&mut theirs);
        (client.expect("the same key"), server.join().expect("no panic").expect("the same key"))
    })
}
