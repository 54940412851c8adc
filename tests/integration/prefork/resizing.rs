//! More processes, fewer, and new ones for old, at run time.

use super::house::{start, who};
use crate::util::wait_for;
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

#[test]
fn grows_and_shrinks() {
    let mut server = start(2, &["control=yes"]);
    server.subject.tell("resize 4");
    let _ = (server.started(), server.started());
    let held = server.hold_each(4);
    assert_eq!(server.children().len(), 4);

    server.subject.tell("resize 1");
    wait_for("three to be told", || {
        let mut ended = 0;
        server.subject.tell("pids");
        server.after("pids ").split(',').for_each(|_| ended += 1);
        ended == 4 // they are with their clients
    });
    held.into_iter().for_each(|(_, client)| drop(client));
    for _ in 0..3 {
        let ended = server.ended();
        assert_eq!((ended.status.as_str(), ended.expected), ("0", true));
    }
    assert_eq!(server.children().len(), 1);
    server.who();
    server.subject.tell("resize 0");
    server.who();
    server.subject.close_input();
    server.close();
}

/// Clients come all the while; none is refused, none is cut off, and in the end all processes are new.
#[test]
fn a_restart_replaces_all_processes_and_loses_nobody() {
    for inner in ["inner=pool", "inner=sequential", "inner=threading"] {
        let mut server = start(2, &["control=yes", inner]);
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
                let ended = BTreeSet::from([server.ended().pid, server.ended().pid]);
                assert_eq!(ended, old);
                assert_eq!(server.children().len(), 2);
                assert!(server.children().is_disjoint(&old));
            }
            is_over.store(true, SeqCst);
        });
        server.subject.close_input();
        server.close();
    }
}

/// Those who are in the middle of something may finish it in the old process.
#[test]
fn a_restart_waits_for_requests_in_progress() {
    let mut server = start(1, &["control=yes"]);
    let (old, client) = server.hold_each(1).remove(0);
    server.subject.tell("restart");
    let new = server.started();
    wait_for("the new one to serve", || server.who() == new);
    client.drain();
    assert_eq!(server.ended().pid, old);
    assert_eq!(server.who(), new);
    server.subject.close_input();
    server.close();
}
