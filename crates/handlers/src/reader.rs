//! `rfile`: a buffered view of a connection.

use crate::writer::Unsent;
use socketserver_net::Connection;
use std::io::{self, BufRead, Read};

/// The memory behind `rfile` and `wfile`. Kept apart from them so that a worker can lend the same buffers to one connection
/// after another, while a connection that waits has none.
#[derive(Debug, Default)]
pub struct Buffers {
    pub(crate) read: ReadBuffer,
    pub(crate) write: Unsent,
}

impl Buffers {
    /// Empty ones, which take memory when they are first used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes out what has been received and not been read, for a session that lets others have the buffers meanwhile.
    pub(crate) fn take_unread(&mut self) -> Box<[u8]> {
        let unread = self.read.unread().into();
        (self.read.start, self.read.end) = (0, 0);
        unread
    }

    /// Puts that back, before anything else is received.
    pub(crate) fn restore_unread(&mut self, unread: Box<[u8]>) {
        if !unread.is_empty() {
            (self.read.start, self.read.end) = (0, unread.len());
            self.read.bytes = unread.into();
        }
    }

    /// Forgets what is in them and keeps the memory.
    pub fn clear(&mut self) {
        self.read.start = 0;
        self.read.end = 0;
        self.write.clear();
    }
}

/// `bytes[start..end]` has been received and not been read yet.
#[derive(Debug, Default)]
pub(crate) struct ReadBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// How often something was received into it. Wraps around.
    received: u32,
}

impl ReadBuffer {
    #[inline]
    fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}

/// `cx.rfile`: reads from the connection through a buffer, as Python's `makefile('rb')`. All of [`BufRead`] works on it:
/// `read_line`, `read_until`, `lines`, `fill_buf`.
///
/// Unlike in Python, it can be used on after a timeout: what had arrived before it is still there.
#[derive(Debug)]
pub struct StreamReader<'a> {
    connection: &'a Connection,
    buffer: &'a mut ReadBuffer,
    size: usize,
    /// Sent before the connection is read from, so that no client waits for a reply while we wait for the client.
    unsent: Option<&'a Unsent>,
}

impl<'a> StreamReader<'a> {
    /// A reader with a buffer of `size` bytes. Zero gives one byte: nothing is taken from the connection that isn't asked for.
    pub(crate) fn new(connection: &'a Connection, buffer: &'a mut ReadBuffer, size: usize) -> Self {
        StreamReader { connection, buffer, size: size.max(1), unsent: None }
    }

    /// From now on sends what is in `unsent` before it reads from the connection.
    pub(crate) fn send_first(&mut self, unsent: &'a Unsent) {
        self.unsent = Some(unsent);
    }

    /// Apart from `fill_buf`, which is called for every line of many that came together.
    #[inline(never)]
    fn refill(&mut self) -> io::Result<()> {
        if self.buffer.bytes.len() != self.size {
            self.buffer.bytes.resize(self.size, 0);
        }
        self.buffer.start = 0;
        self.buffer.end = 0;
        self.send_unsent()?;
        self.buffer.end = self.connection.recv(&mut self.buffer.bytes)?;
        self.buffer.received = self.buffer.received.wrapping_add(1);
        Ok(())
    }

    /// Changes whenever something was received into the buffer.
    pub(crate) fn received(&self) -> u32 {
        self.buffer.received
    }

    fn send_unsent(&self) -> io::Result<()> {
        self.unsent.map_or(Ok(()), |unsent| unsent.send_unless_busy(self.connection))
    }

    /// What has been received and not been read.
    pub fn buffer(&self) -> &[u8] {
        self.buffer.unread()
    }
}

impl Read for StreamReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.buffer().is_empty() && out.len() >= self.size {
            self.send_unsent()?;
            return self.connection.recv(out); // a large read needs no copy
        }
        let ready = self.fill_buf()?;
        let n = ready.len().min(out.len());
        out[..n].copy_from_slice(&ready[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for StreamReader<'_> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.buffer.start == self.buffer.end {
            self.refill()?;
        }
        Ok(self.buffer.unread())
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        self.buffer.start = (self.buffer.start + n).min(self.buffer.end);
    }
}
