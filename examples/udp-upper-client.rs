//! A client of `udp-upper-server`: sends each line that is typed as one datagram, prints the reply. `quit` ends it.
//!
//! ```text
//! cargo run --example udp-upper-server
//! cargo run --example udp-upper-client         # [ADDRESS]; type a line
//! printf 'hello\nquit\n' | cargo run --example udp-upper-client         # => >>: HELLO
//! ```

use examples_support::{Result, address, prompt};
use socketserver::UdpSocket;
use std::{
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

fn main() -> Result {
    let address = address("127.0.0.1:8080");
    let mut resolved: Vec<_> = address.to_socket_addrs()?.collect();
    resolved.sort_by_key(SocketAddr::is_ipv6); // the server too takes the IPv4 address of a name that has both
    let to = *resolved.first().ok_or("the name has no address")?;

    let server = UdpSocket::bind(if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    server.connect(to)?; // so that nobody else's datagrams come in, and "nobody listens there" is an error
    server.settimeout(Some(Duration::from_secs(5))); // datagrams may get lost
    let mut reply = vec![0; 65_535];
    prompt(|line| {
        let asked = server.send(line).and_then(|_| server.recv(&mut reply));
        let length = asked.map_err(|error| format!("ask {to}: {error}"))?;
        Ok(reply[..length].to_vec())
    })
}
