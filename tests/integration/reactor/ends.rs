//! How connections end.

use super::house::{Client, builder, served, wait_until_asleep};
use crate::util::{Recorder, serve, wait_for};
use socketserver::{Deadline, Outcome, ReactorMixIn, net::Connection};
use std::{sync::atomic::Ordering::SeqCst, time::Duration};

fn mixin() -> ReactorMixIn {
    ReactorMixIn::default().workers(2)
}

#[test]
fn a_client_that_goes_while_it_waits_is_counted_and_finished() {
    let recorder = Recorder::default();
    let server = serve(builder(&recorder).mixin(mixin()).bind("127.0.0.1:0").unwrap());
    let [mut ends, mut resets, mut quits] = [(); 3].map(|()| Client::connect(server.server_address()));
    ends.ask("hello");
    resets.ask("hello");
    wait_for("all to wait", || server.mixin().parked() == 3);

    ends.finish();
    ends.expect_end();
    wait_for("the end", || recorder.outcomes() == [Outcome::Completed]);
    resets.reset();
    wait_for("the reset", || recorder.outcomes()[1..] == [Outcome::Disconnected]);
    assert_eq!(quits.ask("quit"), "1 quit");
    quits.expect_end();
    wait_for("the last", || recorder.outcomes()[2..] == [Outcome::Completed]);

    assert_eq!(server.state().finished.load(SeqCst), 3);
    assert_eq!(server.mixin().parked(), 0);
    wait_for("the last to be counted", || server.stats().active == 0); // which comes after its end is told
}

#[test]
fn a_panic_ends_its_own_connection_only() {
    let recorder = Recorder::default();
    let server = serve(builder(&recorder).mixin(mixin().workers(1)).bind("127.0.0.1:0").unwrap());
    let mut good = Client::connect(server.server_address());
    for number in 1..=20 {
        let mut bad = Client::connect(server.server_address());
        bad.send("panic\n");
        bad.expect_end();
        assert_eq!(good.ask("hello"), format!("{number} hello"));
    }
    let mut bad = Client::connect(server.server_address());
    assert_eq!(bad.ask("panic in drop"), "1 panic in drop");
    bad.finish();
    bad.expect_end();
    assert_eq!(good.ask("hello"), "21 hello");
    wait_for("the ends", || recorder.outcomes() == [Outcome::Panicked; 21]);
}

/// An epoll keeps watching a file for as long as anybody has a descriptor of it.
#[test]
fn a_copy_of_the_descriptor_that_outlives_its_connection_wakes_nobody() {
    let server = served(mixin().thread_name("rx-copy"));
    let mut client = Client::connect(server.server_address());
    client.ask("keep");
    let copy = {
        let kept: Connection = server.state().kept.lock().pop().unwrap();
        rustix::io::dup(kept.socket().unwrap()).unwrap()
    };
    assert_eq!(client.ask("quit"), "2 quit");
    client.send("nobody reads this\n");
    client.finish(); // readable for ever
    wait_until_asleep("rx-copy");
    drop(copy);
}

#[test]
fn a_request_has_its_time_limit() {
    let recorder = Recorder::default();
    let server = builder(&recorder).mixin(mixin()).request_timeout(Duration::from_millis(50));
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let mut half = Client::connect(server.server_address());
    let waits = Client::connect(server.server_address());
    half.send("hal");
    half.expect_end();
    wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Request)]);
    wait_for("the other to wait", || server.mixin().parked() == 1);
    drop(waits);
}
