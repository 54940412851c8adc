//! Limits that are changed while connections come and go.

use super::{Client, Door, Lines, Running, start};
use crate::util::{GUARD, serve, wait_for};
use socketserver::{Limit, ReactorMixIn, Server, Tcp, ThreadPoolMixIn, ThreadingMixIn};
use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::Duration,
};

/// By a pool whose threads have names that no other's have.
fn pool(threads: &str, limit: Limit) -> Running<ThreadPoolMixIn> {
    let mixin = ThreadPoolMixIn::default().thread_name(threads);
    let server = Server::<Tcp, Lines, ThreadPoolMixIn, Door>::builder().mixin(mixin).max_connections(limit);
    serve(server.bind("127.0.0.1:0").unwrap()).accepting_by(threads)
}

#[test]
fn a_higher_limit_lets_those_in_who_wait() {
    let server = start::<ThreadingMixIn>(|it| it.max_connections(Limit::backlog(1)));
    let handle = server.handle();
    let _first = Client::greeted(server.server_address());
    let mut waiting: Vec<_> = (0..3).map(|_| Client::new(server.server_address())).collect();
    waiting.iter_mut().for_each(|client| client.say("hello"));
    server.wait_until_asleep();
    assert_eq!(handle.stats().accepted, 1);
    handle.set_max_connections(Limit::backlog(4));
    waiting.iter_mut().for_each(|client| assert_eq!(client.hear(), "hello"));
    assert_eq!((handle.stats().active, handle.stats().peak), (4, 4));
}

#[test]
fn a_lower_limit_throws_nobody_out_and_lets_nobody_in_until_there_are_fewer() {
    let server = start::<ReactorMixIn>(|it| it.max_connections(Limit::backlog(4)));
    let handle = server.handle();
    let mut inside: Vec<_> = (0..4).map(|_| Client::greeted(server.server_address())).collect();
    handle.set_max_connections(Limit::backlog(2));
    let mut fifth = Client::new(server.server_address());
    fifth.say("hello");
    inside.iter_mut().for_each(|client| assert_eq!(client.ask("still here"), "still here"));
    for left in [3, 2] {
        drop(inside.pop());
        assert!(handle.wait_for_connections(|n| n == left, GUARD));
        assert_eq!(handle.stats().accepted, 4);
    }
    drop(inside.pop());
    assert_eq!(fifth.hear(), "hello");
    assert_eq!(handle.stats().active, 2);
}

#[test]
fn another_policy_is_for_those_too_who_wait_already() {
    let server = pool("policy", Limit::backlog(1));
    let _first = Client::greeted(server.server_address());
    let mut waiting = Client::new(server.server_address());
    server.wait_until_asleep();
    server.handle().set_max_connections(Limit::reject(1));
    assert_eq!(waiting.hear(), "MaxConnections");
}

#[test]
fn no_permit_is_lost_while_the_limit_changes_under_a_crowd() {
    let server = pool("permits", Limit::backlog(4));
    let (address, handle, is_over) = (server.server_address(), server.handle(), AtomicBool::new(false));
    thread::scope(|scope| {
        let crowd: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..50).for_each(|_| drop(Client::greeted(address))))).collect();
        scope.spawn(|| {
            let limits = [1, 3, 2, 8, 1, 5].map(Limit::backlog);
            for limit in limits.iter().cycle().take_while(|_| !is_over.load(SeqCst)) {
                handle.set_max_connections(*limit);
                thread::sleep(Duration::from_micros(300)); // to let it have an effect, not for an order
            }
        });
        crowd.into_iter().for_each(|it| it.join().unwrap());
        is_over.store(true, SeqCst);
    });
    assert!(handle.wait_for_connections(|n| n == 0, GUARD));
    let stats = handle.stats();
    assert_eq!((stats.accepted, stats.completed), (400, 400));
    assert!(stats.peak <= 8, "{stats:?}");
    // As many go in as may, so none is lost; and one more waits, so there is none too many.
    handle.set_max_connections(Limit::backlog(3));
    let mut inside: Vec<_> = (0..3).map(|_| Client::greeted(address)).collect();
    let mut fourth = Client::new(address);
    fourth.say("hello");
    server.wait_until_asleep();
    assert_eq!(handle.stats().active, 3);
    drop(inside.pop());
    assert_eq!(fourth.hear(), "hello");
    wait_for("the ends", || handle.stats().active == 3);
}
