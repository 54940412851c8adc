//! Whom a datagram is from.

use crate::{Address, UnixAddress};
use rustix::net::{SocketAddrAny, addr::SocketAddrArg};
use std::{fmt, io, net::SocketAddr, time::Duration};

/// The address families that datagrams come from: [`SocketAddr`] and [`UnixAddress`].
pub trait DatagramAddress: Send + 'static {
    /// What a peer is called: the family's address, or an `Option` of it if peers may be unbound.
    type Peer: Clone + fmt::Debug + Into<Address> + Send + Sync + 'static;

    /// How long a reply waits for room unless somebody says something else. Never for ever: a server has one socket for all its clients.
    #[doc(hidden)]
    const PATIENCE: Duration;

    /// Whether replies may be sent together with others.
    #[doc(hidden)]
    const GATHERS: bool;

    #[doc(hidden)]
    fn peer(raw: Option<SocketAddrAny>) -> io::Result<Self::Peer>;

    #[doc(hidden)]
    fn raw(peer: &Self::Peer) -> io::Result<SocketAddrAny>;

    /// Of a peer whose own queue may be full.
    #[doc(hidden)]
    fn name(_peer: &Self::Peer) -> Option<&UnixAddress> {
        None
    }
}

impl DatagramAddress for SocketAddr {
    type Peer = SocketAddr;

    /// No client makes it wait, only a network that is slow to take what there is.
    const PATIENCE: Duration = Duration::from_secs(1);
    const GATHERS: bool = true;

    fn peer(raw: Option<SocketAddrAny>) -> io::Result<SocketAddr> {
        raw.and_then(|raw| raw.try_into().ok())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a datagram without a sender"))
    }
    fn raw(peer: &SocketAddr) -> io::Result<SocketAddrAny> {
        Ok(peer.as_any())
    }
}

impl DatagramAddress for UnixAddress {
    type Peer = Option<UnixAddress>;

    /// A client that reads, and was slow to come to it, has so long to make room.
    const PATIENCE: Duration = Duration::from_millis(50);
    const GATHERS: bool = false;

    fn peer(raw: Option<SocketAddrAny>) -> io::Result<Option<UnixAddress>> {
        Ok(match Address::from_raw(raw) {
            Address::Unix(UnixAddress::Unnamed) => None,
            Address::Unix(address) => Some(address),
            _ => None,
        })
    }
    fn raw(peer: &Option<UnixAddress>) -> io::Result<SocketAddrAny> {
        match peer {
            Some(peer) => Ok(peer.to_raw()?.as_any()),
            None => Err(Address::Unbound
                .to_sock_addr()
                .err()
                .unwrap_or_else(|| io::ErrorKind::InvalidInput.into())),
        }
    }
    fn name(peer: &Option<UnixAddress>) -> Option<&UnixAddress> {
        peer.as_ref()
    }
}
