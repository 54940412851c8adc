//! `wfile`: writes to a connection, with a buffer or without.

use parking_lot::Mutex;
use socketserver_net::Connection;
use std::{
    io::{self, IoSlice, Write},
    os::fd::RawFd,
};

/// What has been written and not been sent. Behind a lock, since `rfile` and `wfile` may be used by two threads.
#[derive(Debug, Default)]
pub(crate) struct Unsent(Mutex<Vec<u8>>);

impl Unsent {
    pub(crate) fn clear(&mut self) {
        self.0.get_mut().clear();
    }

    /// Sends it, unless another thread is at it: who reads must not wait for who writes.
    pub(crate) fn send_unless_busy(&self, connection: &Connection) -> io::Result<()> {
        self.0.try_lock().map_or(Ok(()), |mut buffer| send(connection, &mut buffer))
    }
}

fn send(connection: &Connection, buffer: &mut Vec<u8>) -> io::Result<()> {
    if buffer.is_empty() {
        return Ok(());
    }
    let sent = connection.sendall(buffer);
    // What could not be sent is gone with the connection; keeping it would only send it twice.
    buffer.clear();
    sent
}

/// `cx.wfile`: writes to the connection.
///
/// With a `wbufsize` of 0, Python's default for stream handlers, every write is sent whole before it returns, as by
/// `sendall`. Otherwise writes gather until the buffer is full or [`flush`](Write::flush) is called; the server flushes
/// when the handler has finished.
#[derive(Debug)]
pub struct StreamWriter<'a> {
    connection: &'a Connection,
    unsent: &'a Unsent,
    size: usize,
}

impl<'a> StreamWriter<'a> {
    pub(crate) fn new(connection: &'a Connection, unsent: &'a Unsent, size: usize) -> Self {
        StreamWriter { connection, unsent, size }
    }

    pub(crate) fn unsent(&self) -> &'a Unsent {
        self.unsent
    }

    /// How many bytes have been written and not been sent.
    pub fn buffered(&self) -> usize {
        self.unsent.0.lock().len()
    }

    /// The number of the connection's descriptor, −1 if it has none. Python: `wfile.fileno()`.
    pub fn fileno(&self) -> RawFd {
        self.connection.fileno()
    }
}

impl Write for StreamWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut buffer = self.unsent.0.lock();
        if buffer.len() + data.len() > self.size {
            send(self.connection, &mut buffer)?;
        }
        if data.len() >= self.size {
            self.connection.sendall(data)?;
        } else {
            if buffer.capacity() == 0 {
                buffer.reserve_exact(self.size);
            }
            buffer.extend_from_slice(data);
        }
        Ok(data.len())
    }

    fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        loop {
            match self.write(data) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => return written.map(drop), // it takes all, or fails
            }
        }
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let total: usize = pieces.iter().map(|piece| piece.len()).sum();
        if self.buffered() + total < self.size {
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
        send(self.connection, &mut self.unsent.0.lock())
    }
}
