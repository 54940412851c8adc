//! Whom a datagram is from.

use crate::{Address, Socket, UnixAddress};
use rustix::net::{SocketAddrAny, addr::SocketAddrArg};
use std::{fmt, io, net::SocketAddr};

/// The address families that datagrams come from: [`SocketAddr`] and [`UnixAddress`].
pub trait DatagramAddress: Send + 'static {
    /// What a peer is called: the family's address, or an `Option` of it if peers may be unbound.
    type Peer: Clone + fmt::Debug + Into<Address> + Send + Sync + 'static;

    #[doc(hidden)]
    fn peer(raw: Option<SocketAddrAny>) -> io::Result<Self::Peer>;

    /// For replies that may be sent together with others.
    #[doc(hidden)]
    fn raw(_peer: &Self::Peer) -> Option<SocketAddrAny> {
        None
    }

    #[doc(hidden)]
    fn send(socket: &Socket, data: &[u8], to: &Self::Peer) -> io::Result<usize>;
}

impl DatagramAddress for SocketAddr {
    type Peer = SocketAddr;

    fn peer(raw: Option<SocketAddrAny>) -> io::Result<SocketAddr> {
        raw.and_then(|raw| raw.try_into().ok())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a datagram without a sender"))
    }
    fn raw(peer: &SocketAddr) -> Option<SocketAddrAny> {
        Some(peer.as_any())
    }
    fn send(socket: &Socket, data: &[u8], to: &SocketAddr) -> io::Result<usize> {
        socket.send_datagram(data, to)
    }
}

impl DatagramAddress for UnixAddress {
    type Peer = Option<UnixAddress>;

    fn peer(raw: Option<SocketAddrAny>) -> io::Result<Option<UnixAddress>> {
        Ok(match Address::from_raw(raw) {
            Address::Unix(UnixAddress::Unnamed) => None,
            Address::Unix(address) => Some(address),
            _ => None,
        })
    }
    fn send(socket: &Socket, data: &[u8], to: &Option<UnixAddress>) -> io::Result<usize> {
        match to {
            Some(to) => socket.send_datagram(data, &to.to_raw()?),
            None => socket.sendto(data, &Address::Unbound),
        }
    }
}
