//! How many workers there are.

use super::house::{Client, served, served_with};
use crate::util::wait_for;
use socketserver::ThreadPoolMixIn;
use std::{sync::atomic::Ordering::SeqCst, time::Duration};

#[test]
fn grows_with_its_clients_up_to_max_and_shrinks_to_min() {
    let mixin = ThreadPoolMixIn::default().min_workers(2).max_workers(5).idle_time(Duration::from_millis(20));
    let server = served(mixin);
    wait_for("the least", || server.mixin().threads() == 2);
    let mut clients = Vec::new();
    for number in 1..=5 {
        let mut client = Client::connect(server.server_address());
        assert!(client.ask("who").starts_with("worker-"));
        clients.push(client);
        // One more than are busy, so that somebody accepts.
        assert_eq!(server.mixin().threads(), [2, 3, 4, 5, 5][number - 1]);
    }
    let mut sixth = Client::connect(server.server_address());
    sixth.say("who");
    wait_for("all to be busy", || server.stats().active == 5);

    clients.pop().unwrap().leave();
    assert!(sixth.hear().starts_with("worker-"), "it has waited in the backlog");
    assert_eq!(server.state().most_inside.load(SeqCst), 5);
    clients.into_iter().for_each(Client::leave);
    sixth.leave();
    wait_for("the others to go home", || server.mixin().threads() == 2);

    assert!(Client::connect(server.server_address()).ask("who").starts_with("worker-"), "it can grow again");
}

#[test]
fn a_pool_of_one_serves_one_after_the_other() {
    let server = served(ThreadPoolMixIn::default().workers(1));
    let mut first = Client::connect(server.server_address());
    first.ask("who");
    let mut second = Client::connect(server.server_address());
    second.say("who");
    assert_eq!(server.stats().accepted, 1);
    first.leave();
    second.hear();
    assert_eq!(server.state().most_inside.load(SeqCst), 1);
}

/// Min and max may be given in any order and don't contradict each other.
#[test]
fn numbers_that_make_no_sense_are_made_sense_of() {
    for mixin in [
        ThreadPoolMixIn::default().max_workers(2).min_workers(50),
        ThreadPoolMixIn::default().min_workers(50).max_workers(2),
    ] {
        let server = served(mixin);
        wait_for("them to start", || server.mixin().threads() == 2);
    }
    let server = served(ThreadPoolMixIn::default().workers(0));
    assert!(!Client::connect(server.server_address()).ask("who").is_empty());
}

/// Workers that go home leave nobody waiting: again and again all but one have just ended when clients come.
#[test]
fn clients_are_served_while_the_pool_shrinks() {
    let mixin =
        ThreadPoolMixIn::default().min_workers(1).max_workers(6).idle_time(Duration::from_micros(200));
    let server = served_with(mixin, |it| it);
    for _ in 0..100 {
        let mut clients: Vec<_> = (0..6).map(|_| Client::connect(server.server_address())).collect();
        // All at once, so that each needs a worker.
        clients.iter_mut().for_each(|client| client.say("who"));
        clients.iter_mut().for_each(|client| assert!(client.hear().starts_with("worker-")));
        clients.into_iter().for_each(Client::leave);
    }
    server.server_close();
    assert_eq!((server.stats().accepted, server.stats().completed), (600, 600));
}
