//! A client's end of a conversation over UDP.

use crate::Result;
use socketserver::UdpSocket;
use std::{
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

/// Gives what asks the server at `address`: it sends one datagram, waits up to five seconds for the reply, and gives that.
///
/// # Errors
/// The address can't be resolved. When it asks: nobody listens there, no reply comes.
pub fn ask_over_udp(address: &str) -> Result<impl FnMut(&[u8]) -> Result<Vec<u8>>> {
    let mut resolved: Vec<_> = address.to_socket_addrs()?.collect();
    resolved.sort_by_key(SocketAddr::is_ipv6); // the server too takes the IPv4 address of a name that has both
    let to = *resolved.first().ok_or("the name has no address")?;

    let server = UdpSocket::bind(if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    server.connect(to)?; // so that nobody else's datagrams come in, and "nobody listens there" is an error
    server.settimeout(Some(Duration::from_secs(5))); // datagrams may get lost
    let mut reply = vec![0; 65_535];
    Ok(move |question: &[u8]| {
        let asked = server.send(question).and_then(|_| server.recv(&mut reply));
        let length = asked.map_err(|error| format!("ask {to}: {error}"))?;
        Ok(reply[..length].to_vec())
    })
}
