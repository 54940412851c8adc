//! Receiving and sending several datagrams by one system call, where the system can.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use by_recvmmsg::{MOST, is_forbidden, receive, send};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use one_by_one::{MOST, is_forbidden, receive, send};

/// Something to send, and where to.
pub(super) type Message = (Vec<u8>, rustix::net::SocketAddrAny);

#[cfg(any(target_os = "linux", target_os = "android"))]
mod by_recvmmsg {
    use super::Message;
    use crate::Socket;
    use rustix::{io::Errno, net::SocketAddrAny};
    use std::{io, os::fd::AsFd};

    pub(in super::super) const MOST: usize = socketserver_sys::MOST_DATAGRAMS;

    /// Tells `received` how long each datagram is and whom it is from; the first is in the first of `buffers`, and so on.
    pub(in super::super) fn receive<'b>(
        socket: &Socket,
        buffers: impl Iterator<Item = &'b mut [u8]>,
        mut received: impl FnMut(usize, Option<SocketAddrAny>),
    ) -> io::Result<()> {
        let mut bytes = 0;
        socketserver_sys::recv_datagrams(socket.as_fd(), buffers, |length, from| {
            bytes += length;
            received(length, from);
        })?;
        socket.count_received(bytes);
        Ok(())
    }

    /// Says how many were sent, of at least one; the next one couldn't be.
    pub(in super::super) fn send(socket: &Socket, messages: &[Message]) -> io::Result<usize> {
        let each = messages.iter().map(|(data, to)| (&data[..], to));
        match socketserver_sys::send_datagrams(socket.as_fd(), each) {
            Ok(sent) => {
                socket.count_sent(messages[..sent].iter().map(|(data, _)| data.len()).sum());
                Ok(sent)
            }
            // Waits, for as long as the socket's limits allow.
            Err(error) if is_forbidden(&error) || error.kind() == io::ErrorKind::WouldBlock => {
                let (data, to) = &messages[0];
                socket.send_datagram(data, to).map(|_| 1)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether it is the call itself that can't be had: in a sandbox that doesn't know it.
    pub(in super::super) fn is_forbidden(error: &io::Error) -> bool {
        matches!(Errno::from_io_error(error), Some(Errno::NOSYS | Errno::PERM))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod one_by_one {
    use super::Message;
    use crate::Socket;
    use rustix::net::SocketAddrAny;
    use std::io;

    pub(in super::super) const MOST: usize = 1;

    pub(in super::super) fn receive<'b>(
        _socket: &Socket,
        _buffers: impl Iterator<Item = &'b mut [u8]>,
        _received: impl FnMut(usize, Option<SocketAddrAny>),
    ) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(in super::super) fn send(socket: &Socket, messages: &[Message]) -> io::Result<usize> {
        messages.first().map_or(Ok(0), |(data, to)| socket.send_datagram(data, to).map(|_| 1))
    }

    pub(in super::super) fn is_forbidden(_error: &io::Error) -> bool {
        true
    }
}
