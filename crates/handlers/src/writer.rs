//! `wfile`: writes to a connection, with a buffer or without.

use socketserver_net::Connection;
use std::{
    io::{self, IoSlice, Write},
    os::fd::RawFd,
};

/// `cx.wfile`: writes to the connection.
///
/// With a `wbufsize` of 0, Python's default for stream handlers, every write is sent whole before it returns, as by
/// `sendall`. Otherwise writes gather until the buffer is full or [`flush`](Write::flush) is called; the server flushes
/// when the handler has finished.
#[derive(Debug)]
pub struct StreamWriter<'a> {
    connection: &'a Connection,
    buffer: &'a mut Vec<u8>,
    size: usize,
}

impl<'a> StreamWriter<'a> {
    pub(crate) fn new(connection: &'a Connection, buffer: &'a mut Vec<u8>, size: usize) -> Self {
        StreamWriter { connection, buffer, size }
    }

    /// What has been written and not been sent.
    pub fn buffer(&self) -> &[u8] {
        self.buffer
    }

    /// The number of the connection's descriptor, −1 if it has none. Python: `wfile.fileno()`.
    pub fn fileno(&self) -> RawFd {
        self.connection.fileno()
    }
}

impl Write for StreamWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + data.len() > self.size {
            self.flush()?;
        }
        if data.len() >= self.size {
            self.connection.sendall(data)?;
        } else {
            if self.buffer.capacity() == 0 {
                self.buffer.reserve_exact(self.size);
            }
            self.buffer.extend_from_slice(data);
        }
        Ok(data.len())
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let total: usize = pieces.iter().map(|piece| piece.len()).sum();
        if self.buffer.len() + total < self.size {
            for piece in pieces {
                self.write_all(piece)?;
            }
            return Ok(total);
        }
        self.flush()?;
        // At most what one call takes, so that a partial write is reported and not repeated.
        (&mut &*self.connection).write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let sent = self.connection.sendall(self.buffer);
        // What could not be sent is gone with the connection; keeping it would only send it twice.
        self.buffer.clear();
        sent
    }
}
