//! What the processes run requests by.

use super::house::{start, who};
use std::{collections::BTreeSet, thread};

#[test]
fn every_mixin_can_run_in_the_processes() {
    for inner in ["pool", "one", "sequential", "threading", "forking", "reactor"] {
        let inner = format!("inner={inner}");
        let server = start(2, &[&inner]);
        let address = server.address;
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    (0..25).for_each(|_| {
                        who(address);
                    })
                });
            }
        });
        // What a handler does is no reason for its process to end.
        for word in ["panic", "fail"] {
            assert_eq!(server.connect().ask(word), "", "{inner}");
        }
        let children = server.children();
        let accepted = server.close();
        assert_eq!((children.len(), accepted), (2, 102), "{inner}");
    }
}

/// One of them would do, if that were all; but while it is busy the others have to.
#[test]
fn all_processes_accept() {
    for inner in ["inner=one", "inner=sequential"] {
        let server = start(4, &[inner]);
        let held = server.hold_each(4);
        assert_eq!(held.iter().map(|(pid, _)| *pid).collect::<BTreeSet<_>>(), server.children());
        held.into_iter().for_each(|(_, client)| client.leave());
        server.close();
    }
}

/// A process that is not busy doesn't take all there is, so that the end of one process is not the end of all connections.
#[test]
fn connections_are_spread_over_the_processes() {
    for inner in ["inner=pool", "inner=threading", "inner=reactor"] {
        let server = start(2, &[inner]);
        let held = server.hold_each(2); // both are there now
        // One after the other: of those that come at once, who is awake may take several.
        let clients: Vec<_> = (0..20)
            .map(|_| {
                let mut client = server.connect();
                (client.ask("hold"), client)
            })
            .collect();
        let by: BTreeSet<_> = clients.iter().map(|(pid, _)| pid).collect();
        assert_eq!(by.len(), 2, "{inner}");
        drop((held, clients));
        server.close();
    }
}

/// Only the parent listens to signals, and under load nobody ever waits for anything.
#[test]
fn a_loop_that_never_waits_hears_that_it_is_to_stop() {
    let server = start(1, &["inner=sequential"]);
    let address = server.address;
    server.who();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(move || {
                // Until it is over: what waits in the backlog then is reset, or never answered.
                while std::net::TcpStream::connect(address).is_ok_and(|mut client| {
                    use std::io::{BufRead, BufReader, Write};
                    let asked = client.write_all(b"pid\n");
                    let mut answer = String::new();
                    asked.is_ok() && BufReader::new(client).read_line(&mut answer).is_ok_and(|n| n > 0)
                }) {}
            })
        })
        .collect();
    crate::util::wait_for("some load", || server.who() > 0);
    server.close();
    clients.into_iter().for_each(|client| client.join().unwrap());
}

/// It serves here what it takes in here.
#[test]
fn handle_request_forks_nothing() {
    let server = super::house::start_under(&[], 2, &["loop=requests"]);
    for _ in 0..3 {
        assert_eq!(server.who(), server.pid);
    }
    assert!(server.children().is_empty());
    assert_eq!(server.close(), 3);
}
