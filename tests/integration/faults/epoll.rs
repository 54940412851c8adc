//! The system refuses what waiting for many is made of: epoll and eventfd.

use super::complete;
use crate::util::{tool, wait_for};
use reliability::{Client, Tracer, signal};
use rustix::process::Signal;

const REFUSED: [&str; 2] = ["ENOSPC", "ENOMEM"];

/// So many clients come while it refuses.
const LATE: usize = 6;

/// A connection that can't be waited for is over, and that is told; it isn't left alone.
#[test]
fn a_reactor_that_cant_watch_a_connection_ends_that_one_only() {
    if tool("strace").is_none() {
        return;
    }
    for error in REFUSED {
        let server = complete("reactor");
        let mut in_flight: Vec<_> = (0..4).map(|_| Client::connect(server.address)).collect();
        assert!(in_flight.iter_mut().all(|client| client.echoes("hello")), "{error}");
        let tracer = Tracer::attach(&server, &[&format!("epoll_ctl:error={error}")]);
        for _ in 0..LATE {
            // A request that is there already may be served, but none that is waited for.
            let mut client = Client::connect(server.address);
            while client.echoes("hello") {}
            assert!(in_flight.iter_mut().all(|client| client.echoes("still there")), "{error}");
        }
        wait_for("all to be told", || server.logged("ERROR request from ") == LATE);
        drop(tracer);
        assert!(in_flight.iter_mut().all(|client| client.echoes("still there")), "{error}");
        assert!(Client::connect(server.address).echoes("new"), "{error}");
        drop(in_flight);
        let counts = server.stop();
        assert_eq!((counts.failed, counts.completed), (LATE as u64, 5), "{error}: {counts:?}");
    }
}

/// The others wait for their ends in another way.
#[test]
fn pools_children_and_worker_processes_serve_without_what_they_cant_watch() {
    if tool("strace").is_none() {
        return;
    }
    for mixin in ["pool", "forking", "prefork"] {
        for error in REFUSED {
            let server = complete(mixin);
            let mut in_flight = Client::connect(server.address);
            assert!(in_flight.echoes("hello"), "{mixin} {error}");
            let tracer = Tracer::attach(&server, &[&format!("epoll_ctl:error={error}")]);
            let mut late: Vec<_> = (0..LATE).map(|_| Client::connect(server.address)).collect();
            assert!(late.iter_mut().all(|client| client.echoes("late")), "{mixin} {error}");
            wait_for("somebody to be refused", || {
                assert!(Client::connect(server.address).echoes("later"), "{mixin} {error}");
                !tracer.injection.seen().is_empty()
            });
            assert!(in_flight.echoes("still there"), "{mixin} {error}");
            drop(tracer);
            assert!(Client::connect(server.address).echoes("new"), "{mixin} {error}");
            drop((late, in_flight));
            wait_for("all children to be waited for", || {
                server.counts().active == 0
                    && server.children().len() == if mixin == "prefork" { 2 } else { 0 }
            });
            let counts = server.stop();
            assert_eq!((counts.failed, counts.accept_errors), (0, 0), "{mixin} {error}: {counts:?}");
        }
    }
}

/// One that replaces a dead one begins with descriptors of its own.
#[test]
fn a_worker_process_that_gets_no_epoll_or_eventfd_is_replaced_when_it_can_be() {
    if tool("strace").is_none() {
        return;
    }
    for call in ["epoll_create1", "eventfd2"] {
        let server = complete("prefork");
        let mut held: Vec<_> = (0..8).map(|_| Client::connect(server.address)).collect();
        let pids: Vec<u32> = held.iter_mut().map(|client| client.ask("pid").parse().unwrap()).collect();
        let tracer = Tracer::attach(&server, &[&format!("{call}:error=EMFILE")]);
        signal(pids[0], Signal::KILL).unwrap();
        wait_for("the next one to lack it", || !tracer.injection.seen().is_empty());
        for (client, pid) in held.iter_mut().zip(&pids) {
            assert_eq!(client.echoes("still there"), *pid != pids[0], "{call}");
        }
        assert!(Client::connect(server.address).echoes("served by the other"), "{call}");
        drop(tracer);
        wait_for("both to be there", || {
            let children = server.children();
            children.len() == 2 && !children.contains(&pids[0])
        });
        assert!(Client::connect(server.address).echoes("new"), "{call}");
        drop(held);
        let killed = pids.iter().filter(|pid| **pid == pids[0]).count() as u64;
        let counts = server.stop();
        assert_eq!((counts.failed, counts.completed), (killed, 10 - killed), "{call}: {counts:?}");
    }
}

/// What is made for the first client can't be made for that one: a reactor ends it and tells, children are waited for without.
#[test]
fn what_the_first_client_lacks_is_made_for_a_later_one() {
    if tool("strace").is_none() {
        return;
    }
    for (mixin, call) in [("forking", "epoll_create1"), ("reactor", "epoll_create1"), ("reactor", "eventfd2")]
    {
        let server = complete(mixin);
        let tracer = Tracer::attach(&server, &[&format!("{call}:error=EMFILE")]);
        let mut first: Vec<_> = (0..LATE).map(|_| Client::connect(server.address)).collect();
        let served = first.iter_mut().filter_map(|client| client.echoes("hello").then_some(())).count();
        assert_eq!(served, if mixin == "reactor" { 0 } else { LATE }, "{mixin} {call}");
        wait_for("all to be told", || server.logged("ERROR request from ") == LATE - served);
        drop(tracer);
        assert!(Client::connect(server.address).echoes("new"), "{mixin} {call}");
        drop(first);
        let counts = server.stop();
        assert_eq!((counts.failed, counts.completed), ((LATE - served) as u64, (served + 1) as u64));
    }
}
