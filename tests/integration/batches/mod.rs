//! Datagrams that are received several at a time: what that must not change, and what it is for.

mod cost;
mod ends;
mod fair;
mod replies;
mod whole;

use crate::util::GUARD;
use socketserver::UdpSocket;
use std::net::SocketAddr;

/// A client that gives up when a test has failed.
fn client() -> UdpSocket {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.settimeout(Some(GUARD));
    client
}

/// Puts datagrams into the socket of a server that doesn't serve yet: when it does, they are all there.
fn queue<'a>(client: &UdpSocket, server: SocketAddr, packets: impl IntoIterator<Item = &'a str>) {
    for packet in packets {
        client.sendto(packet.as_bytes(), server).unwrap();
    }
}

fn reply(client: &UdpSocket) -> String {
    let mut buf = [0; 1000];
    let (n, _) = client.recvfrom(&mut buf).unwrap();
    String::from_utf8_lossy(&buf[..n]).into_owned()
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
