//! Handlers that block, and those who are not to notice.

use super::house::{Client, served, wait_until_asleep, wait_until_undisturbed};
use crate::util::wait_for;
use socketserver::ReactorMixIn;

#[test]
fn blocked_handlers_dont_hold_up_the_others() {
    let server = served(ReactorMixIn::default().workers(2));
    let address = server.server_address();
    let mut good: Vec<_> = (0..10).map(|_| Client::connect(address)).collect();
    good.iter_mut().for_each(|client| assert_eq!(client.ask("hello"), "1 hello"));

    // Many more than look after connections at a time.
    let mut blocked: Vec<_> = (0..12).map(|_| Client::connect(address)).collect();
    blocked.iter_mut().for_each(|client| client.send("block\n"));
    server.state().wait_for_blocked(12);
    good.iter_mut().for_each(|client| assert_eq!(client.ask("hello"), "2 hello"));
    assert!(server.mixin().threads() >= 14, "{:?}", server.mixin());

    // What comes for a handler that runs is served when it is through, not before and not by another.
    blocked.iter_mut().for_each(|client| client.send("hello\n"));
    good.iter_mut().for_each(|client| assert_eq!(client.ask("hello"), "3 hello"));
    server.state().open();
    for client in &mut blocked {
        assert_eq!(client.hear(), "1 block");
        assert_eq!(client.hear(), "2 hello");
        assert_eq!(client.ask("hello"), "3 hello");
    }
    wait_for("all to wait", || server.mixin().parked() == 22);
}

#[test]
fn what_arrives_for_a_running_handler_wakes_nobody_again_and_again() {
    let server = served(ReactorMixIn::default().workers(1).thread_name("rx-more"));
    let mut good = Client::connect(server.server_address());
    let mut blocked = Client::connect(server.server_address());
    blocked.send("block\n");
    server.state().wait_for_blocked(1);
    assert_eq!(good.ask("hello"), "1 hello", "another thread has taken over");
    blocked.send("hello\n");
    assert_eq!(good.ask("hello"), "2 hello");
    wait_until_asleep("rx-more");
    server.state().open();
    assert_eq!(blocked.hear(), "1 block");
    assert_eq!(blocked.hear(), "2 hello");
}

#[test]
fn an_idle_server_wakes_no_thread_and_is_watched_again_when_it_isnt() {
    let server = served(ReactorMixIn::default().workers(1).thread_name("rx-idle"));
    let mut good = Client::connect(server.server_address());
    let mut blocked = Client::connect(server.server_address());
    good.ask("hello");
    wait_until_undisturbed("rx-idle");
    blocked.send("block\n");
    server.state().wait_for_blocked(1);
    assert_eq!(good.ask("hello"), "2 hello");
    server.state().open();
    assert_eq!(blocked.hear(), "1 block");
}

/// They wait in a receive of ours, which is noticed at once.
#[test]
fn half_requests_dont_hold_up_the_others() {
    let server = served(ReactorMixIn::default().workers(1));
    let address = server.server_address();
    let mut good = Client::connect(address);
    let mut slow: Vec<_> = (0..20).map(|_| Client::connect(address)).collect();
    for round in 1..=3 {
        wait_for("all to wait", || server.mixin().parked() == 21);
        slow.iter_mut().for_each(|client| client.send("hal"));
        wait_for("them to be within a request", || server.mixin().parked() == 1);
        assert_eq!(good.ask("hello"), format!("{round} hello"));
        slow.iter_mut().for_each(|client| client.send("f\n"));
        slow.iter_mut().for_each(|client| assert_eq!(client.hear(), format!("{round} half")));
    }
    // One for each that was slow, one that looked after the rest, one in reserve; more only if the machine held one of them up.
    assert!((21..40).contains(&server.mixin().threads()), "{:?}", server.mixin());
}

#[test]
fn there_are_never_more_threads_than_allowed() {
    let mixin = ReactorMixIn::default().workers(2).max_workers(4);
    let server = served(mixin);
    let address = server.server_address();
    let mut blocked: Vec<_> = (0..4).map(|_| Client::connect(address)).collect();
    blocked.iter_mut().for_each(|client| client.send("block\n"));
    server.state().wait_for_blocked(4);
    assert_eq!(server.mixin().threads(), 4);

    // Nobody is left for these, until somebody comes back.
    let mut waiting: Vec<_> = (0..10).map(|_| Client::connect(address)).collect();
    waiting.iter_mut().for_each(|client| client.send("hello\n"));
    wait_for("all to be accepted", || server.stats().active == 14);
    server.state().open();
    waiting.iter_mut().for_each(|client| assert_eq!(client.hear(), "1 hello"));
    blocked.iter_mut().for_each(|client| assert_eq!(client.hear(), "1 block"));
    assert_eq!(server.mixin().threads(), 4);

    // With half requests, too.
    blocked.iter_mut().for_each(|client| client.send("hal"));
    waiting.iter_mut().for_each(|client| client.send("hello\n"));
    blocked.iter_mut().for_each(|client| client.send("f\n"));
    waiting.iter_mut().for_each(|client| assert_eq!(client.hear(), "2 hello"));
    blocked.iter_mut().for_each(|client| assert_eq!(client.hear(), "2 half"));
    assert_eq!(server.mixin().threads(), 4);
}

#[test]
fn one_thread_alone_serves_all() {
    let server = served(ReactorMixIn::default().workers(1).max_workers(1));
    let mut clients: Vec<_> = (0..10).map(|_| Client::connect(server.server_address())).collect();
    for round in 1..=10 {
        clients.iter_mut().for_each(|client| client.send("hel"));
        clients.iter_mut().for_each(|client| client.send("lo\n"));
        clients.iter_mut().for_each(|client| assert_eq!(client.hear(), format!("{round} hello")));
    }
    assert_eq!(server.mixin().threads(), 1);
}

/// A client that doesn't read its replies: the handler waits in a send of ours.
#[test]
fn clients_that_dont_read_dont_hold_up_the_others() {
    let server = served(ReactorMixIn::default().workers(1));
    let mut good = Client::connect(server.server_address());
    let mut deaf = Client::connect(server.server_address());
    let mut sender = deaf.0.get_ref().try_clone().unwrap();
    let line = format!("{}\n", "x".repeat(8000));
    let sending = std::thread::spawn(move || {
        use std::io::Write;
        (0..2000).try_for_each(|_| sender.write_all(line.as_bytes())).unwrap();
    });
    (1..=100).for_each(|number| assert_eq!(good.ask("hello"), format!("{number} hello")));
    for number in 1..=2000 {
        assert!(deaf.hear().starts_with(&format!("{number} xxx")));
    }
    sending.join().unwrap();
}
