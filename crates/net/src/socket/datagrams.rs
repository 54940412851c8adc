//! Datagrams: each received with the address of its sender, and sent to one.

use super::{Socket, recv_flags, send_flags};
use crate::{Address, Deadline, room_wait::RoomWait, time::Patience};
use rustix::{
    io::Errno,
    net::{RecvFlags, SocketAddrAny, addr::SocketAddrArg},
};
use std::{io, time::Instant};

impl Socket {
    /// Receives one datagram and the address of its sender. What doesn't fit in `buf` is lost.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recvfrom(&self, buf: &mut [u8]) -> io::Result<(usize, Address)> {
        let (n, from) = self.recv_datagram(buf)?;
        Ok((n, Address::from_raw(from)))
    }

    /// Sends one datagram to `address`.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`io::ErrorKind::InvalidInput`] for an address that can't be sent to.
    pub fn sendto(&self, data: &[u8], address: &Address) -> io::Result<usize> {
        let n = match address {
            Address::Inet(to) => self.send_datagram(data, to)?,
            Address::Unix(to) => self.send_datagram(data, &to.to_raw()?)?,
            other => {
                return Err(other.to_sock_addr().err().unwrap_or_else(|| io::ErrorKind::InvalidInput.into()));
            }
        };
        Ok(n)
    }

    pub(crate) fn recv_datagram(&self, buf: &mut [u8]) -> io::Result<(usize, Option<SocketAddrAny>)> {
        let received = self.patiently(Deadline::Read, |dont_wait| {
            rustix::net::recvfrom(&self.fd, &mut *buf, recv_flags(dont_wait)).map(|(n, _, from)| (n, from))
        })?;
        self.meter.add_in(received.0);
        Ok(received)
    }

    /// Without waiting, whatever the time limits: for a server's loop, which waits by other means.
    pub(crate) fn recv_datagram_now(&self, buf: &mut [u8]) -> io::Result<(usize, Option<SocketAddrAny>)> {
        loop {
            match rustix::net::recvfrom(&self.fd, &mut *buf, RecvFlags::DONTWAIT) {
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok((n, _, from)) => {
                    self.meter.add_in(n);
                    return Ok((n, from));
                }
            }
        }
    }

    pub(crate) fn send_datagram(&self, data: &[u8], to: &impl SocketAddrArg) -> io::Result<usize> {
        if self.limits.patience(Deadline::Write) != Patience::Forever {
            return self.send_datagram_until(data, to, None);
        }
        let n = self.patiently(Deadline::Write, |dont_wait| {
            rustix::net::sendto(&self.fd, data, send_flags(dont_wait), to)
        })?;
        self.meter.add_out(n);
        Ok(n)
    }

    /// Without waiting, whatever the time limits.
    pub(crate) fn send_datagram_now(&self, data: &[u8], to: &impl SocketAddrArg) -> io::Result<usize> {
        loop {
            match rustix::net::sendto(&self.fd, data, send_flags(true), to) {
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok(n) => {
                    self.meter.add_out(n);
                    return Ok(n);
                }
            }
        }
    }

    /// Waits for room as long as the time limits allow, and not beyond the `end` of the request.
    pub(crate) fn send_datagram_until(
        &self,
        data: &[u8],
        to: &impl SocketAddrArg,
        end: Option<Instant>,
    ) -> io::Result<usize> {
        let patience = self.limits.patience(Deadline::Write);
        let mut wait = RoomWait::begin(patience, end);
        loop {
            match self.send_datagram_now(data, to) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && patience != Patience::NotAtAll => {
                    wait.for_room(self)?;
                }
                result => return result,
            }
        }
    }

    /// What was received by other means.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn count_received(&self, bytes: usize) {
        self.meter.add_in(bytes);
    }

    /// What was sent by other means.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn count_sent(&self, bytes: usize) {
        self.meter.add_out(bytes);
    }
}
