//! Limits that are changed while connections come and go.

use super::{Client, Door, Lines, Running, start};
use crate::clients::connect_from;
use crate::util::{GUARD, serve, wait_for};
use socketserver::{Limit, MixIn, ReactorMixIn, Runs, Server, Tcp, ThreadPoolMixIn, ThreadingMixIn, kind};
use std::{
    io::{BufReader, Write},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
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

/// Of each of two peers; who is turned away comes again. Each has as many places afterwards as before.
#[test]
fn no_place_of_a_peer_is_lost_while_their_limit_changes_under_a_crowd() {
    fn by<M: MixIn + Runs<kind::KeepAlive> + Default>() {
        const MOST: usize = 4;
        const PEERS: [u8; 2] = [71, 72];
        let server = start::<M>(|it| it.max_connections_per_peer(1));
        let (address, handle, is_over) = (server.server_address(), server.handle(), AtomicBool::new(false));
        let inside = [AtomicUsize::new(0), AtomicUsize::new(0)];
        let come = |last: u8| {
            let mut client = Client(BufReader::new(connect_from(last, address)));
            let _ = client.0.get_mut().write_all(b"hold\n"); // it may have been turned away
            match client.hear().as_str() {
                "held" => {
                    // It counts for the server until after it has ceased to count here.
                    let inside = &inside[usize::from(last - PEERS[0])];
                    assert!(inside.fetch_add(1, SeqCst) < MOST, "one too many");
                    client.say("go");
                    assert_eq!((client.hear(), client.hear()), ("hold".into(), "go".into()));
                    inside.fetch_sub(1, SeqCst);
                    true
                }
                heard => {
                    assert!(["MaxConnectionsPerPeer", ""].contains(&heard), "{heard}");
                    false
                }
            }
        };
        thread::scope(|scope| {
            let visit = |last| (0..8).for_each(|_| while !come(last) {});
            let crowd = PEERS.map(|last| [(); 5].map(|()| scope.spawn(move || visit(last))));
            scope.spawn(|| {
                for limit in [1, MOST, 2, 3].into_iter().cycle().take_while(|_| !is_over.load(SeqCst)) {
                    handle.set_max_connections_per_peer(Some(limit));
                    thread::sleep(Duration::from_micros(300)); // to let it have an effect, not for an order
                }
            });
            crowd.into_iter().flatten().for_each(|it| it.join().unwrap());
            is_over.store(true, SeqCst);
        });
        assert!(handle.wait_for_connections(|n| n == 0, GUARD));
        handle.set_max_connections_per_peer(Some(2));
        for last in PEERS {
            let come = || Client(BufReader::new(connect_from(last, address)));
            let mut inside = [come(), come()];
            inside.iter_mut().for_each(|client| assert_eq!(client.ask("hello"), "hello"));
            assert_eq!(come().hear(), "MaxConnectionsPerPeer");
        }
    }
    by::<ThreadingMixIn>();
    by::<ThreadPoolMixIn>();
    by::<ReactorMixIn>();
}
