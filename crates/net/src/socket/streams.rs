//! Bytes in order: received, sent, all of them sent.

use super::{Socket, recv_flags, send_flags};
use crate::{Deadline, Traffic, Wire};
use std::{
    io::{self, IoSlice},
    net::Shutdown,
};

impl Socket {
    /// Receives what is there, up to `buf.len()` bytes, and says how many; 0 means that the peer has finished sending.
    ///
    /// # Errors
    /// [`TimedOut`](crate::TimedOut) if nothing came within the time limit, [`io::ErrorKind::WouldBlock`] in non-blocking mode, and what recv(2)
    /// reports. A signal doesn't interrupt it.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.patiently(Deadline::Read, |dont_wait| {
            rustix::net::recv(&self.fd, &mut *buf, recv_flags(dont_wait)).map(|(n, _)| n)
        })?;
        if n == 0 && !buf.is_empty() && self.is_cut() {
            return Err(io::ErrorKind::ConnectionAborted.into()); // the rest of a request, which a server that stops didn't let in
        }
        self.meter.add_in(n);
        self.last_read.note(n, buf.len());
        Ok(n)
    }

    /// Sends some of `data`, at least a byte, and says how many. See [`sendall`](Self::sendall).
    ///
    /// # Errors
    /// As [`recv`](Self::recv), from send(2).
    pub fn send(&self, data: &[u8]) -> io::Result<usize> {
        let n = self.patiently(Deadline::Write, |dont_wait| {
            rustix::net::send(&self.fd, data, send_flags(dont_wait))
        })?;
        self.meter.add_out(n);
        Ok(n)
    }

    /// [`send`](Self::send) from several pieces, in one system call.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let n = self.patiently(Deadline::Write, |dont_wait| {
            rustix::net::sendmsg(&self.fd, pieces, &mut Default::default(), send_flags(dont_wait))
        })?;
        self.meter.add_out(n);
        Ok(n)
    }

    /// Sends all of `data`. The time limit of [`settimeout`](Self::settimeout) holds for the whole, as in Python: a peer that takes a little
    /// now and then gains nothing by it.
    ///
    /// # Errors
    /// As [`send`](Self::send); part of the data may have been sent.
    pub fn sendall(&self, mut data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        let patience = self.limits.patience(Deadline::Write);
        loop {
            let n = self.with_patience(patience, Deadline::Write, |dont_wait| {
                rustix::net::send(&self.fd, data, send_flags(dont_wait))
            })?;
            self.meter.add_out(n);
            match (n, &data[n..]) {
                (0, _) => return Err(io::ErrorKind::WriteZero.into()),
                (_, []) => return Ok(()),
                (_, rest) => data = rest,
            }
            patience.check()?;
        }
    }
}

impl Wire for Socket {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Socket::recv(self, buf)
    }
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        Socket::send(self, data)
    }
    fn send_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Socket::send_vectored(self, pieces)
    }
    fn sendall(&self, data: &[u8]) -> io::Result<()> {
        Socket::sendall(self, data)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Socket::shutdown(self, how)
    }
    fn socket(&self) -> Option<&Socket> {
        Some(self)
    }
    fn traffic(&self) -> Traffic {
        Socket::traffic(self)
    }
}
