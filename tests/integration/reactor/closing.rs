//! Ending the server while clients wait, run, or have just come.

use super::house::{Client, builder, served, threads_called};
use crate::{
    helper::parity,
    util::{GUARD, Recorder, finishes, serve, serve_shared, wait_for},
};
use socketserver::{Outcome, ReactorMixIn};
use std::{sync::Arc, thread, time::Duration};

fn mixin() -> ReactorMixIn {
    ReactorMixIn::default().workers(2)
}

#[test]
fn a_shutdown_closes_those_who_wait_and_lets_the_others_finish() {
    let recorder = Recorder::default();
    let server = serve(builder(&recorder).mixin(mixin()).bind("127.0.0.1:0").unwrap());
    let address = server.server_address();
    let mut waiting: Vec<_> = (0..50).map(|_| Client::connect(address)).collect();
    waiting.iter_mut().for_each(|client| drop(client.ask("hello")));
    let mut busy: Vec<_> = (0..3).map(|_| Client::connect(address)).collect();
    busy.iter_mut().for_each(|client| client.send("block\n"));
    server.state().wait_for_blocked(3);

    let handle = server.handle();
    let shutdown = std::thread::spawn(move || handle.shutdown(Duration::from_secs(3600)));
    waiting.into_iter().for_each(Client::expect_end);
    wait_for("their ends", || recorder.outcomes() == [Outcome::Completed; 50]);
    assert!(!shutdown.is_finished());

    server.state().open();
    for mut client in busy {
        assert_eq!(client.hear(), "1 block");
        client.expect_end();
    }
    let report = shutdown.join().unwrap();
    assert_eq!((report.drained, report.forced), (53, 0));
    assert_eq!(recorder.outcomes(), [Outcome::Completed; 53]);
    server.join().unwrap();
}

#[test]
fn a_request_that_has_arrived_is_served_by_a_shutdown() {
    let server = served(mixin().workers(1).max_workers(1));
    let mut blocks = Client::connect(server.server_address());
    let mut asks = Client::connect(server.server_address());
    asks.ask("hello");
    blocks.send("block\n");
    server.state().wait_for_blocked(1);
    asks.send("hello\n"); // nobody can look at it now
    server.handle().request_shutdown();
    server.state().open();
    assert_eq!(asks.hear(), "2 hello");
    asks.expect_end();
    blocks.hear();
    server.join().unwrap();
}

/// Even if nobody has looked at their connections yet.
#[test]
fn the_first_requests_of_new_clients_are_served_by_a_shutdown() {
    let server = served(mixin().workers(1).max_workers(1));
    let mut blocks = Client::connect(server.server_address());
    blocks.send("block\n");
    server.state().wait_for_blocked(1);
    // More than a worker looks at in one go.
    let silent: Vec<_> = (0..300).map(|_| Client::connect(server.server_address())).collect();
    let mut asking: Vec<_> = (0..10).map(|_| Client::connect(server.server_address())).collect();
    asking.iter_mut().for_each(|client| client.send("hello\n"));
    wait_for("them to be accepted", || server.stats().active == 311);
    server.handle().request_shutdown();
    server.state().open();
    for mut client in asking {
        assert_eq!(client.hear(), "1 hello");
        client.expect_end();
    }
    silent.into_iter().for_each(Client::expect_end);
    server.join().unwrap();
}

#[test]
fn what_overstays_a_shutdown_is_ended_by_force() {
    let server = served(mixin().workers(1));
    let mut waits = Client::connect(server.server_address());
    let mut half = Client::connect(server.server_address());
    waits.ask("hello");
    wait_for("both to wait", || server.mixin().parked() == 2);
    half.send("hal");
    wait_for("it to be within a request", || server.mixin().parked() == 1);
    let handle = server.handle();
    let patient = thread::spawn(move || handle.shutdown(GUARD));
    wait_for("the other to have ended", || server.stats().active == 1);
    assert_eq!(server.handle().shutdown(Duration::ZERO).forced, 1);
    let report = patient.join().unwrap();
    assert_eq!((report.drained, report.forced), (1, 1));
    assert_eq!(server.stats().active, 0);
}

#[test]
fn a_handler_may_shut_the_server_down_and_it_may_serve_again() {
    let server = served(mixin());
    let mut waits = Client::connect(server.server_address());
    let mut stops = Client::connect(server.server_address());
    waits.ask("hello");
    assert_eq!(stops.ask("stop"), "1 stop");
    waits.expect_end();
    stops.expect_end();
    let again = Arc::clone(&server);
    server.join().unwrap();

    let server = serve_shared(again);
    let mut client = Client::connect(server.server_address());
    assert_eq!(client.ask("hello"), "1 hello");
    assert_eq!(client.ask("hello"), "2 hello", "it may wait again");
}

#[test]
fn closing_the_server_waits_for_handlers_and_leaves_no_thread() {
    let server = served(mixin().thread_name("rx-close"));
    let mut waits = Client::connect(server.server_address());
    let mut blocks = Client::connect(server.server_address());
    waits.ask("hello");
    blocks.send("block\n");
    server.state().wait_for_blocked(1);

    let closing = Arc::clone(&server);
    let closed = std::thread::spawn(move || closing.server_close());
    waits.expect_end();
    assert!(!closed.is_finished());
    server.state().open();
    assert_eq!(blocks.hear(), "1 block");
    finishes("closing", || closed.join().unwrap());
    assert_eq!((server.mixin().threads(), server.stats().active), (0, 0));
    wait_for("the system to forget them", || threads_called("rx-close") == 0);
    server.server_close();
}

/// Counted in a process of its own.
#[test]
fn closing_the_server_leaves_no_descriptor() {
    parity(&["reactor-leftovers"]);
}
