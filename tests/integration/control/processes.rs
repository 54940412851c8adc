//! What a parent knows of the connections that its children serve.

use crate::{
    clients::{connect, rest},
    subject,
};
use std::{io::Read, net::SocketAddr};

#[test]
fn a_forking_server_lists_its_children_and_kills_one() {
    let mut server = subject::start(&["forking", "steered="]);
    let serving = server.after("serving ");
    let address: SocketAddr = serving.split(' ').next().unwrap().parse().unwrap();
    let mut held: Vec<_> = (0..2)
        .map(|_| {
            let client = connect(address);
            client.sendall(b"hold\n").unwrap();
            let mut pid = [0; 10];
            (&client).read_exact(&mut pid).unwrap();
            (std::str::from_utf8(&pid).unwrap().trim().to_owned(), client)
        })
        .collect();
    // A child may answer before its parent has written down that it has forked it, and before it has counted the answer.
    let lines = loop {
        server.tell("connections");
        let lines = [(); 2].map(|()| server.after("connection "));
        server.after("done");
        if lines.iter().all(|line| line.contains("Some(") && line.ends_with(" 10")) {
            break lines;
        }
    };
    for ((pid, client), line) in held.iter().zip(&lines) {
        let words: Vec<_> = line.split(' ').collect();
        let peer = client.getsockname().unwrap().to_string();
        assert_eq!(words[1..], [&*peer, "InRequest", &format!("Some({pid})"), "5", "10"], "{line}");
    }
    let id = lines[0].split(' ').next().unwrap();
    server.tell(&format!("close {id}"));
    assert_eq!(server.after("done"), " close");
    assert_eq!(rest(held.remove(0).1), b"", "its child has been killed");
    held[0].1.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(rest(held.remove(0).1), b"", "the other one ends by itself");
    let id = lines[1].split(' ').next().unwrap();
    server.after(&format!("ended {id} ")); // its client hears of it before that, and the signal would kill it
    server.close_input();
    server.terminate();
    let (status, lines) = server.end();
    assert!(status.success(), "{status}");
    assert!(lines.iter().any(|line| line == "accepted 2 completed 1 failed 1"), "{lines:?}");
}
