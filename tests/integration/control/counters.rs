//! Counts that are exact.

use super::{Client, start};
use crate::{
    clients::{connect_from, rest},
    util::{GUARD, in_time, wait_for},
};
use socketserver::{Limit, ThreadingMixIn};
use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

#[test]
fn ends_are_counted_by_their_causes_and_bytes() {
    in_time(Duration::from_millis(50), |limit| {
        let server = start::<ThreadingMixIn>(|it| it.idle_timeout(limit));
        let (handle, address) = (server.handle(), server.server_address());

        let begun = Instant::now();
        let mut clients = ["fail", "panic", "hello"].map(|word| {
            let mut client = Client::new(address);
            client.say(word);
            client
        });
        wait_for("all to be heard", || handle.stats().bytes_in == 5 + 6 + 6 || begun.elapsed() >= limit);
        if begun.elapsed() >= limit {
            return false; // one may have been silent for too long
        }
        assert_eq!(clients.each_mut().map(Client::hear), ["", "", "hello"]);
        assert_eq!(clients[2].hear(), "");
        rest(connect_from(66, address)); // verify_request says no
        assert!(handle.wait_for_connections(|n| n == 0, GUARD));

        let stats = handle.stats();
        assert_eq!((stats.accepted, stats.active), (4, 0));
        assert_eq!((stats.failed, stats.panicked), (2, 1));
        assert_eq!((stats.timed_out, stats.timed_out_by.idle), (1, 1));
        assert_eq!((stats.refused, stats.refused_by.verify_request), (1, 1));
        assert_eq!((stats.bytes_in, stats.bytes_out), (5 + 6 + 6, 6));
        true
    });
}

#[test]
fn a_peer_may_have_so_many_connections_whatever_others_have() {
    let server = start::<ThreadingMixIn>(|it| it.max_connections_per_peer(2));
    let (handle, address) = (server.handle(), server.server_address());
    let inside = [(); 2].map(|()| Client::greeted(address));
    assert_eq!(Client::new(address).hear(), "MaxConnectionsPerPeer");
    let mut other = connect_from(2, address);
    other.write_all(b"hi\n").unwrap();
    other.read_exact(&mut [0; 3]).unwrap();

    handle.set_max_connections_per_peer(None);
    let third = Client::greeted(address);
    handle.set_max_connections_per_peer(Some(3)); // those that there are count
    assert_eq!(Client::new(address).hear(), "MaxConnectionsPerPeer");
    drop(third);
    assert!(handle.wait_for_connections(|n| n == 3, GUARD));
    drop(Client::greeted(address));
    drop((inside, other));
    assert!(handle.wait_for_connections(|n| n == 0, GUARD));
    let stats = handle.stats();
    assert_eq!((stats.refused, stats.refused_by.max_connections_per_peer), (2, 2));
    assert_eq!((stats.completed, stats.peak), (5, 4), "those turned away weren't inside");
}

/// The alarm is told before the limit is reached, and once.
#[test]
fn an_alarm_is_told_before_the_limit_and_not_again_soon() {
    let recorder = crate::util::Recorder::default();
    let server = start::<ThreadingMixIn>(|it| {
        it.max_connections(Limit::backlog(10)).observer(crate::util::Nervous(recorder.clone()))
    });
    let told = || {
        let other = |it: &crate::util::Seen| matches!(it, crate::util::Seen::Other(_));
        recorder.seen().into_iter().filter(other).collect::<Vec<_>>()
    };
    let mut clients: Vec<_> = (0..8).map(|_| Client::greeted(server.server_address())).collect();
    assert_eq!(told(), []);
    clients.push(Client::greeted(server.server_address()));
    let alarm = crate::util::Seen::Other("9 requests are in progress, of 10 that may be".into());
    assert_eq!(told(), std::slice::from_ref(&alarm));
    for _ in 0..5 {
        drop(clients.pop());
        assert!(server.handle().wait_for_connections(|n| n == 8, GUARD));
        clients.push(Client::greeted(server.server_address()));
    }
    assert_eq!(told(), [alarm], "the cool-down isn't over");
}

#[test]
fn who_waits_for_a_number_is_told_when_it_comes_or_that_it_didnt() {
    let server = start::<ThreadingMixIn>(|it| it);
    let handle = server.handle();
    assert!(handle.wait_for_connections(|n| n == 0, Duration::ZERO), "it is so already");
    assert!(!handle.wait_for_connections(|n| n == 1, Duration::from_millis(20)));
    let waiting = std::thread::spawn({
        let handle = handle.clone();
        move || {
            let mut seen = Vec::new();
            // It may ask the server meanwhile.
            let came = handle.wait_for_connections(
                |n| {
                    seen.push((n, handle.is_serving(), handle.stats().accepted));
                    n == 3
                },
                GUARD,
            );
            (came, seen)
        }
    });
    let _clients = [(); 3].map(|()| Client::greeted(server.server_address()));
    let (came, seen) = waiting.join().unwrap();
    assert!(came);
    assert!(seen.len() <= 8, "it is asked at changes only: {seen:?}");
}
