//! Clients that are taken in while all workers are busy, and those that are turned away.

use super::house::{Client, served, served_with};
use crate::{
    clients::visit,
    util::{Recorder, wait_for},
};
use socketserver::{Outcome, Refusal, ThreadPoolMixIn};
use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::Duration,
};

fn mixin(workers: usize, queue: usize) -> ThreadPoolMixIn {
    ThreadPoolMixIn::default().workers(workers).queue_limit(queue)
}

#[test]
fn some_wait_in_a_queue_and_more_are_told_that_it_is_full() {
    let recorder = Recorder::default();
    let server = served_with(mixin(1, 2), |it| it.observer(recorder.clone()));
    let mut first = Client::connect(server.server_address());
    let worker = first.ask("who");
    let mut queued: Vec<_> = (0..2)
        .map(|number| {
            let client = Client::connect(server.server_address());
            wait_for("it to be taken in", || server.stats().active == number + 2);
            client
        })
        .collect();
    for _ in 0..3 {
        assert_eq!(visit(server.server_address(), b"who\n"), b"full");
    }
    first.leave();
    // In the order in which they came.
    assert_eq!(queued[0].ask("who"), worker);
    queued.remove(0).leave();
    assert_eq!(queued[0].ask("who"), worker);
    queued.remove(0).leave();
    server.server_close();
    let stats = server.stats();
    assert_eq!((stats.accepted, stats.completed, stats.refused, stats.active), (6, 3, 3, 0));
    assert_eq!(
        recorder.outcomes().iter().filter(|it| **it == Outcome::Refused(Refusal::QueueFull)).count(),
        3
    );
    assert_eq!(server.state().most_inside.load(SeqCst), 1);
}

#[test]
fn without_a_queue_all_are_turned_away_while_the_workers_are_busy() {
    let server = served(mixin(2, 0).thread_name("no-queue")).accepting_by("no-queue");
    let mut clients: Vec<_> = (0..2).map(|_| Client::connect(server.server_address())).collect();
    clients.iter_mut().for_each(|client| drop(client.ask("who")));
    assert_eq!(visit(server.server_address(), b"who\n"), b"full");
    clients.pop().unwrap().leave();
    wait_for("one to be gone", || server.stats().active == 1);
    server.wait_until_asleep(); // the worker is free a moment after its request has ended
    assert_ne!(visit(server.server_address(), b"who\n"), b"full");
}

#[test]
fn a_pool_grows_before_anybody_has_to_wait() {
    let server = served(ThreadPoolMixIn::default().min_workers(1).max_workers(3).queue_limit(0));
    let mut clients: Vec<_> = (0..3).map(|_| Client::connect(server.server_address())).collect();
    clients.iter_mut().for_each(|client| assert!(client.ask("who").starts_with("worker-")));
    assert_eq!(visit(server.server_address(), b"who\n"), b"full");
}

/// Who waits stays, who comes is treated by the limit that holds then, and no client has to come for that to be noticed.
#[test]
fn the_queue_is_made_longer_shorter_and_away_with() {
    let pool = ThreadPoolMixIn::default().workers(1).thread_name("requeue");
    let server = served(pool).accepting_by("requeue");
    let address = server.server_address();
    let mut inside = Client::connect(address);
    inside.ask("who");
    let mut queued: Vec<_> = (0..3).map(|_| Client::connect(address)).collect();
    server.wait_until_asleep();
    assert_eq!(server.stats().accepted, 1, "they wait in the backlog");
    server.mixin().set_queue_limit(2);
    let active_and_refused = || {
        let stats = server.stats();
        (stats.active, stats.refused)
    };
    wait_for("two to be taken in, and one to be turned away", || active_and_refused() == (3, 1));
    assert_eq!(queued.pop().unwrap().hear(), "full");

    server.mixin().set_queue_limit(1);
    assert_eq!(visit(address, b"who\n"), b"full");
    // The client reads it before the server is done with it, and until then it counts as active.
    wait_for("it to be gone", || active_and_refused() == (3, 2));
    server.mixin().set_queue_limit(4);
    queued.extend((0..2).map(|_| Client::connect(address)));
    wait_for("two more to be taken in", || server.stats().active == 5);

    server.mixin().set_queue_limit(None);
    server.wait_until_asleep(); // who was about to accept might take one more
    queued.push(Client::connect(address));
    server.wait_until_asleep();
    assert_eq!(server.stats().active, 5, "the last one waits in the backlog");
    for mut next in queued {
        inside.leave();
        assert!(next.ask("who").starts_with("requeue-"));
        inside = next;
    }
    inside.leave();
    server.server_close();
    let stats = server.stats();
    assert_eq!((stats.completed, stats.refused, stats.dropped), (6, 2, 0));
}

/// With the limit going up and down meanwhile.
#[test]
fn nobody_is_forgotten_while_the_limit_changes() {
    let server = served(mixin(2, 1));
    let (address, is_over) = (server.server_address(), AtomicBool::new(false));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| scope.spawn(move || (0..100).for_each(|_| drop(visit(address, b"who\n")))))
            .collect();
        scope.spawn(|| {
            let limits = [Some(0), None, Some(3), Some(1), None, Some(8)];
            for limit in limits.into_iter().cycle().take_while(|_| !is_over.load(SeqCst)) {
                server.mixin().set_queue_limit(limit);
                thread::sleep(Duration::from_micros(300)); // to let it have an effect, not for an order
            }
        });
        clients.into_iter().for_each(|client| client.join().unwrap());
        is_over.store(true, SeqCst);
    });
    server.server_close();
    let stats = server.stats();
    assert_eq!((stats.accepted, stats.completed + stats.refused), (800, 800));
    assert_eq!((stats.active, stats.dropped), (0, 0));
}

/// Whoever is taken in is served, though workers become free and busy at the same moment.
#[test]
fn nobody_is_forgotten_in_the_queue() {
    for queue in [0, 1, 4] {
        let server = served(mixin(2, queue));
        let address = server.server_address();
        let full = thread::scope(|scope| {
            let clients: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(move || {
                        let answers: Vec<_> = (0..100).map(|_| visit(address, b"who\n")).collect();
                        let full = answers.iter().filter(|it| *it == b"full" || it.is_empty()).count();
                        let served = answers.iter().filter(|it| it.starts_with(b"worker-")).count();
                        assert_eq!(full + served, 100, "{answers:?}");
                        full as u64
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).sum::<u64>()
        });
        server.server_close();
        let stats = server.stats();
        assert_eq!((stats.accepted, stats.refused, stats.completed), (800, full, 800 - full));
        assert_eq!((stats.active, stats.dropped), (0, 0));
    }
}

#[test]
fn who_is_queued_when_the_server_stops_is_served() {
    let server = served(mixin(1, 1));
    let mut first = Client::connect(server.server_address());
    first.ask("who");
    let mut second = Client::connect(server.server_address());
    wait_for("it to be taken in", || server.stats().active == 2);
    server.shutdown();
    assert_eq!(first.ask("drain?"), "true");
    first.leave();
    assert!(second.ask("who").starts_with("worker-"));
    second.leave();
    let report = server.handle().shutdown(Duration::from_secs(30));
    assert_eq!((report.forced, server.stats().completed), (0, 2));
}
