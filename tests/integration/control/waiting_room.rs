//! Clients that are accepted at the limit, and wait for a while.

use super::{Client, start};
use crate::util::{GUARD, wait_for};
use socketserver::{
    Backlog, Limit, MixIn, ReactorMixIn, Runs, ThreadPoolMixIn, ThreadingMixIn, kind::KeepAlive,
};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(3600);

fn waits<M: MixIn + Runs<KeepAlive> + Default>() {
    let server = start::<M>(|it| it.max_connections(Limit::wait(1, LONG)));
    let handle = server.handle();
    let mut inside = Client::greeted(server.server_address());
    let mut waiting: Vec<_> = (0..3)
        .map(|n| {
            let mut client = Client::new(server.server_address());
            client.say(&format!("client {n}"));
            // One after another, so that their order is known.
            assert!(handle.wait_for_connections(|active| active == 2 + n, GUARD));
            client
        })
        .collect();
    assert_eq!(handle.stats().peak, 1, "those who wait aren't inside");
    for (n, mut client) in waiting.drain(..).enumerate() {
        drop(inside);
        assert_eq!(client.hear(), format!("client {n}"), "who came first goes in first");
        inside = client;
    }
    drop(inside);
    assert!(handle.wait_for_connections(|n| n == 0, GUARD));
    let stats = handle.stats();
    assert_eq!((stats.completed, stats.refused, stats.peak), (4, 0, 1));
}

#[test]
fn who_waits_goes_in_when_another_leaves() {
    waits::<ThreadingMixIn>();
    waits::<ThreadPoolMixIn>();
    waits::<ReactorMixIn>();
}

#[test]
fn who_has_waited_too_long_is_told_and_closed() {
    let server = start::<ThreadingMixIn>(|it| it.max_connections(Limit::wait(1, Duration::from_millis(50))));
    let mut inside = Client::greeted(server.server_address());
    let begun = Instant::now();
    let mut waiting: Vec<_> = (0..3).map(|_| Client::new(server.server_address())).collect();
    waiting.iter_mut().for_each(|client| assert_eq!(client.hear(), "WaitedTooLong"));
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert_eq!(inside.ask("still here"), "still here");
    wait_for("the counts", || server.stats().refused_by.waited_too_long == 3);
}

#[test]
fn who_waits_when_the_server_stops_is_told_to_go() {
    let server = start::<ThreadPoolMixIn>(|it| it.max_connections(Limit::wait(1, LONG)));
    let handle = server.handle();
    let mut inside = Client::greeted(server.server_address());
    assert_eq!(inside.ask("hold"), "held");
    let mut waiting = Client::new(server.server_address());
    assert!(handle.wait_for_connections(|n| n == 2, GUARD));
    let shutdown = std::thread::spawn({
        let handle = handle.clone();
        move || handle.shutdown(GUARD)
    });
    assert_eq!(waiting.hear(), "Draining");
    inside.say("go");
    let report = shutdown.join().unwrap();
    assert_eq!((report.forced, report.refused), (0, 1));
    assert_eq!(handle.stats().refused_by.draining, 1);
}

/// Of whom the only place is taken: by one in a request, and then by one who says nothing, and isn't waited for.
fn are_served_at_the_stop<M: MixIn + Runs<KeepAlive> + Default>() {
    let limit = |it: socketserver::ServerBuilder<_, _, _, _>| it.max_connections(Limit::wait(1, LONG));
    for is_idle in [false, true] {
        let server = start::<M>(|it| limit(it).backlog_at_shutdown(Backlog::Serve));
        let handle = server.handle();
        let mut inside = Client::greeted(server.server_address());
        if !is_idle {
            assert_eq!(inside.ask("hold"), "held");
        }
        let mut waiting: Vec<_> = (0..3).map(|_| Client::new(server.server_address())).collect();
        waiting.iter_mut().enumerate().for_each(|(n, client)| client.say(&format!("client {n}")));
        assert!(handle.wait_for_connections(|n| n == 4, GUARD));
        let shutdown = std::thread::spawn({
            let handle = handle.clone();
            move || handle.shutdown(GUARD)
        });
        if !is_idle {
            wait_for("it to be heard", || handle.is_draining());
            inside.say("go");
        }
        for (n, client) in waiting.iter_mut().enumerate() {
            assert_eq!(client.hear(), format!("client {n}"));
        }
        let report = shutdown.join().unwrap();
        assert_eq!((report.drained, report.forced, report.refused), (4, 0, 0), "{is_idle}");
    }
}

#[test]
fn who_waits_when_the_server_stops_is_served_with_the_backlog_if_that_is_wanted() {
    are_served_at_the_stop::<ThreadingMixIn>();
    are_served_at_the_stop::<ThreadPoolMixIn>();
    are_served_at_the_stop::<ReactorMixIn>();
}

#[test]
fn at_the_deadline_of_the_stop_those_who_still_wait_are_told_to_go() {
    let server = start::<ThreadPoolMixIn>(|it| {
        it.max_connections(Limit::wait(1, LONG)).backlog_at_shutdown(Backlog::Serve)
    });
    let handle = server.handle();
    let mut inside = Client::greeted(server.server_address());
    assert_eq!(inside.ask("hold"), "held");
    let mut waiting = Client::new(server.server_address());
    assert!(handle.wait_for_connections(|n| n == 2, GUARD));
    let report = handle.shutdown(Duration::from_millis(50));
    assert_eq!(waiting.hear(), "Draining");
    assert_eq!((report.forced, report.refused), (1, 1));
}
