//! An exact number of requests, one after another: for what is counted and not timed.

use super::{connect::connect, ping_pong};
use crate::{
    Error,
    server::Server,
    work::{SIZE, Work},
};
use std::{
    io::{Read, Write},
    net::UdpSocket,
    time::Duration,
};

/// How long a reply may take. Only a failure meets it.
const GUARD: Duration = Duration::from_secs(30);

/// Has `requests` answered. With [`Work::Echo`] they go over `connections` in turn.
///
/// # Errors
/// If the server doesn't answer as it should.
pub fn run(server: &Server, work: Work, connections: usize, requests: usize) -> Result<(), Error> {
    match work {
        Work::Echo => {
            let mut clients = ping_pong::open(server, connections)?;
            (0..requests).try_for_each(|i| clients[i % connections].ask())
        }
        Work::Once => (0..requests).try_for_each(|i| once(server, i)),
        Work::Datagrams => datagrams(server, requests),
        Work::Lines => Err("lines aren't counted".into()),
    }
}

fn once(server: &Server, number: usize) -> Result<(), Error> {
    let mut socket = connect(&server.target, number)?;
    socket.set_read_timeout(Some(GUARD))?;
    let (message, mut reply) = ([number as u8; SIZE], Vec::new());
    socket.write_all(&message)?;
    socket.read_to_end(&mut reply)?;
    if reply == message { Ok(()) } else { Err("a reply differs from its request".into()) }
}

fn datagrams(server: &Server, requests: usize) -> Result<(), Error> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(server.address()?)?;
    socket.set_read_timeout(Some(GUARD))?;
    for number in 0..requests {
        let (message, mut reply) = ([number as u8; SIZE], [0; SIZE + 1]);
        socket.send(&message)?;
        let n = socket.recv(&mut reply)?;
        if reply[..n] != message {
            return Err("a reply differs from its request".into());
        }
    }
    Ok(())
}
