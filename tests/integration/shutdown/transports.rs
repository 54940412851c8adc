//! What is in progress when a server is told to stop is finished, and its reply arrives whole: over every transport, by every mix-in.

use crate::{
    clients::connect,
    subject::{self, Subject},
    util::GUARD,
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, UdpSocket},
    os::unix::net::{UnixDatagram, UnixStream},
    path::Path,
};

const ALL: [&str; 6] = ["sequential", "threading", "pool", "forking", "prefork", "reactor"];

/// Those that serve datagrams.
const OF_DATAGRAMS: [&str; 5] = ["sequential", "threading", "pool", "forking", "prefork"];

/// A client's reply, which it has asked for.
type Reply = Box<dyn FnOnce() -> Vec<u8>>;

/// As many clients as there may be inside, each with a letter of its own; `ask` asks, and the reply to a letter is `length` of them.
fn drains(mixins: &[&str], transport: &str, length: usize, ask: impl Fn(&str, &Path, &str) -> Reply) {
    for mixin in mixins {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("server");
        let mut server = subject::start(&["draining", mixin, transport, place.to_str().unwrap()]);
        let address = server.after("serving ");
        let letters: &[&str] = if *mixin == "sequential" { &["a"] } else { &["a", "b", "c"] };
        let asking = |letter: &&'static str| (*letter, ask(&address, folder.path(), letter));
        let replies: Vec<_> = letters.iter().map(asking).collect();
        replies.iter().for_each(|_| drop(server.after("inside")));
        server.close_input();
        for (letter, reply) in replies {
            let reply = reply();
            let is_whole = reply.len() == length && reply.iter().all(|byte| *byte == letter.as_bytes()[0]);
            assert!(is_whole, "{mixin}: {} bytes of {length}", reply.len());
        }
        expect_report(server, mixin, letters.len());
    }
}

#[track_caller]
fn expect_report(server: Subject, mixin: &str, clients: usize) {
    let (status, lines) = server.end();
    assert!(status.success(), "{mixin}: {status}, {lines:?}");
    let report = format!("drained {clients} forced 0 refused 0");
    assert!(lines.contains(&report), "{mixin}: {lines:?}");
    let stats = format!("stats accepted {clients} completed {clients} active 0");
    assert_eq!(lines.last(), Some(&stats), "{mixin}: {lines:?}");
}

/// All that comes until the end of a connection, which must be one.
fn all_of(mut stream: impl Read) -> Vec<u8> {
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).expect("an end in order");
    reply
}

/// Received datagrams, of which there is one.
fn one_of(receive: impl FnOnce(&mut [u8]) -> std::io::Result<usize>) -> Vec<u8> {
    let mut reply = vec![0; 2000];
    let length = receive(&mut reply).expect("a reply");
    reply.truncate(length);
    reply
}

#[test]
fn tcp() {
    drains(&ALL, "tcp", 4 << 20, |address, _, letter| {
        let mut client = connect(address.parse::<SocketAddr>().unwrap());
        client.write_all(format!("{letter}\n").as_bytes()).unwrap();
        Box::new(|| all_of(client))
    });
}

#[test]
fn unix_streams() {
    drains(&ALL, "unix", 4 << 20, |_, folder, letter| {
        let mut client = UnixStream::connect(folder.join("server")).unwrap();
        client.set_read_timeout(Some(GUARD)).unwrap();
        client.write_all(format!("{letter}\n").as_bytes()).unwrap();
        Box::new(|| all_of(client))
    });
}

#[test]
fn udp() {
    drains(&OF_DATAGRAMS, "udp", 1000, |address, _, letter| {
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(GUARD)).unwrap();
        client.send_to(letter.as_bytes(), address).unwrap();
        Box::new(move || one_of(|reply| client.recv(reply)))
    });
}

#[test]
fn unix_datagrams() {
    drains(&OF_DATAGRAMS, "unixgram", 1000, |_, folder, letter| {
        let client = UnixDatagram::bind(folder.join(letter)).unwrap();
        client.set_read_timeout(Some(GUARD)).unwrap();
        client.send_to(letter.as_bytes(), folder.join("server")).unwrap();
        Box::new(move || one_of(|reply| client.recv(reply)))
    });
}
