//! Which addresses count as one peer.

use std::net::{IpAddr, Ipv6Addr};

/// The key under which to count a peer with this address: an IPv4 address itself, also when it comes mapped into IPv6; an IPv6
/// address's /64, because whoever has one address usually has all of those.
///
/// ```
/// use socketserver_auth::peer_network;
///
/// let key = |text: &str| peer_network(text.parse().unwrap()).to_string();
/// assert_eq!(key("192.0.2.7"), "192.0.2.7");
/// assert_eq!(key("::ffff:192.0.2.7"), "192.0.2.7");
/// assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
/// assert_eq!(key("::1"), "::");
/// ```
pub fn peer_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        ipv4 => ipv4,
    }
}
