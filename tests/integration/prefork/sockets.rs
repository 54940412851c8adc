//! Processes with a socket each, on the same address.

use super::house::{Client, Prefork, signal, start, stop, who};
use crate::{
    own_sockets::{Numbers, sockets_on},
    subject,
    util::wait_for,
};
use rustix::process::Signal;
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

fn sockets(server: &Prefork) -> usize {
    sockets_on("tcp", server.address)
}

/// The living processes.
fn children(server: &subject::Subject) -> BTreeSet<u32> {
    let children = subject::children_of(server.pid()).into_iter();
    children.filter(|(_, is_zombie)| !is_zombie).map(|(pid, _)| pid).collect()
}

/// Clients that have asked who serves them, and wait for the answer.
fn asking(server: &Prefork, count: usize) -> Vec<Client> {
    let mut clients: Vec<_> = (0..count).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| client.say("pid"));
    clients
}

#[test]
fn each_process_accepts_on_its_own_by_whatever_mixin() {
    for inner in ["pool", "one", "sequential", "threading", "forking", "reactor"] {
        let server = start(3, &["socket=each", &format!("inner={inner}")]);
        assert_eq!(sockets(&server), 3, "{inner}");
        let mut seen = BTreeSet::new();
        // Of a forking one they are children of the processes.
        wait_for("different answers", || {
            seen.insert(server.who());
            seen.len() >= 3
        });
        server.close();
    }
}

/// Clients come all the while, one connection for each request; none is refused, none is reset.
#[test]
fn a_restart_refuses_nobody() {
    for inner in ["inner=sequential", "inner=pool", "inner=threading"] {
        let mut server = start(3, &["control=yes", "socket=each", inner]);
        let (address, is_over) = (server.address, AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !is_over.load(SeqCst) {
                        who(address);
                    }
                });
            }
            for _ in 0..3 {
                let old = server.children();
                server.subject.tell("restart");
                let ended: BTreeSet<_> = (0..3).map(|_| server.ended().pid).collect();
                assert_eq!(ended, old);
                assert_eq!((server.children().len(), sockets(&server)), (3, 3));
            }
            is_over.store(true, SeqCst);
        });
        server.subject.close_input();
        server.close();
    }
}

/// Who waits in the socket of a process that is killed is served by the next.
#[test]
fn a_queue_is_inherited() {
    let server = start(2, &["socket=each", "inner=sequential"]);
    let old = server.children();
    old.iter().for_each(|pid| stop(*pid));
    let clients = asking(&server, 20);
    old.iter().for_each(|pid| signal(*pid, Signal::KILL));
    let mut served_by = BTreeSet::new();
    for mut client in clients {
        served_by.insert(client.hear());
        client.leave();
    }
    let new: BTreeSet<_> = server.children().into_iter().map(|pid| pid.to_string()).collect();
    assert_eq!((new.len(), served_by), (2, new));
    server.close();
}

/// What waits in a socket that is given up is served, and then nobody is sent there any more.
#[test]
fn a_socket_that_is_given_up_is_emptied_first() {
    for inner in ["inner=sequential", "inner=one", "inner=threading", "inner=forking", "inner=reactor"] {
        let mut server = start(2, &["control=yes", "socket=each", inner]);
        let old = server.children();
        old.iter().for_each(|pid| stop(*pid));
        let clients = asking(&server, 20);
        server.subject.tell("resize 1");
        server.subject.tell("pids"); // in case that the parent has come to it already
        server.after("pids ");
        old.iter().for_each(|pid| signal(*pid, Signal::CONT));
        for mut client in clients {
            assert!(!client.hear().is_empty(), "{inner}");
            client.leave();
        }
        let ended = server.ended();
        assert_eq!((ended.status.as_str(), ended.expected), ("0", true), "{inner}");
        assert_eq!(sockets(&server), 1);
        (0..20).for_each(|_| assert!(server.who() > 0));

        server.subject.tell("resize 3");
        let _ = (server.started(), server.started());
        wait_for("three sockets", || sockets(&server) == 3);
        (0..20).for_each(|_| assert!(server.who() > 0));
        server.subject.close_input();
        server.close();
    }
}

#[test]
fn suspended_processes_leave_clients_in_all_sockets() {
    let mut server = start(3, &["control=yes", "socket=each"]);
    server.subject.tell("suspend");
    server.after("done suspend");
    server.subject.wait_until_asleep(); // a loop that was about to accept when it was told might take one more
    let clients = asking(&server, 10);
    server.subject.wait_until_asleep();
    server.subject.tell("stats");
    let counts = server.after("accepted ");
    assert!(counts.starts_with("0 "), "{counts}");
    server.subject.tell("resume");
    for mut client in clients {
        assert!(!client.hear().is_empty());
    }
    server.subject.close_input();
    server.close();
}

#[test]
fn datagrams_of_a_client_are_served_in_order_by_one_process() {
    for (what, address) in [("udp", "127.0.0.1:0"), ("udp", "[::1]:0"), ("adopted-udp", "127.0.0.1:0")] {
        let mut server = subject::start(&["sockets", what, address]);
        let address: SocketAddr = server.after("serving ").parse().unwrap();
        wait_for("all sockets", || sockets_on("udp", address) == 3);
        let mut clients: Vec<_> = (0..12).map(|_| Numbers::new(address)).collect();
        for round in 0..3 {
            let by: Vec<_> = clients.iter_mut().map(|client| client.burst(8)).collect();
            assert!(by.iter().collect::<BTreeSet<_>>().len() > 1, "{what}, {round}: {by:?}");
            // The sockets stay, with what is in them; their processes are others.
            let old = children(&server);
            server.tell("restart");
            // As long as there are any, they and the new ones take what there is.
            wait_for("other processes", || children(&server).is_disjoint(&old));
            assert!(clients.iter_mut().map(|client| client.exchange()).all(|it| !by.contains(&it)), "{what}");
        }
        server.tell("suspend");
        server.tell("resume");
        clients.iter_mut().for_each(|client| drop(client.burst(8)));
        server.close_input();
        server.terminate();
        let (status, lines) = server.end();
        assert!(status.success() && lines.iter().any(|line| line.starts_with("accepted ")), "{lines:?}");
    }
}

#[test]
fn an_adopted_listener_gets_others_beside_it() {
    let mut server = subject::start(&["sockets", "adopted-tcp", "127.0.0.1:0"]);
    let address: SocketAddr = server.after("serving ").parse().unwrap();
    let mut seen = BTreeSet::new();
    wait_for("answers of all processes", || {
        seen.insert(crate::clients::visit(address, b""));
        seen.len() == 3
    });
    assert_eq!(sockets_on("tcp", address), 3);
    server.close_input();
    server.terminate();
    assert!(server.end().0.success());
}

#[test]
fn what_cannot_be_done_is_said_at_the_start() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("socket");
    let mut server = subject::start(&["sockets", "unix", path.to_str().unwrap()]);
    let failed = server.after("failed ");
    assert!(failed.contains("can't share its address"), "{failed}");
    assert_eq!(subject::children_of(server.pid()), []);
    server.close_input();
    assert!(server.end().0.success());

    // In worker processes, each of which ends with an error.
    let mut server = subject::start(&["sockets", "pool", "127.0.0.1:0"]);
    let address: SocketAddr = server.after("serving ").parse().unwrap();
    wait_for("the process to give up", || subject::children_of(server.pid()).is_empty());
    wait_for("its sockets to be gone but one", || sockets_on("udp", address) == 1);
    server.close_input();
    server.terminate();
    assert!(server.end().0.success());
}
