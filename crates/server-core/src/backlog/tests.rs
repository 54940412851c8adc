//! Counting those who wait at a stop, and turning them away.

use super::{AtStop, Backlog, refuse};
use crate::{
    Refusal, Transport,
    scripted::{Script, Scripted, serve},
};
use std::io;

fn waiting(clients: usize) -> Script {
    let script = Script::new();
    (0..clients).for_each(|_| drop(script.come()));
    script
}

#[test]
fn those_who_wait_at_the_first_look_are_taken_in_and_no_more() {
    let at_stop = AtStop::new(Backlog::Serve, 5);
    let script = waiting(2);
    assert!(at_stop.has_left(|| script.backlog()));
    drop(script.come()); // too late
    at_stop.took_one();
    assert!(at_stop.has_left(|| script.backlog()), "one of two");
    at_stop.took_one();
    assert!(!at_stop.has_left(|| script.backlog()));
    at_stop.took_one();
    assert!(!at_stop.has_left(|| script.backlog()), "one that came otherwise");
}

#[test]
fn where_nobody_waits_at_the_first_look_nobody_is_left() {
    assert!(!AtStop::new(Backlog::Serve, 5).has_left(|| waiting(0).backlog()));
}

#[test]
fn what_was_taken_before_the_stop_isnt_counted() {
    let at_stop = AtStop::new(Backlog::Serve, 5);
    at_stop.took_one();
    let script = waiting(1);
    assert!(at_stop.has_left(|| script.backlog()));
    at_stop.took_one();
    assert!(!at_stop.has_left(|| script.backlog()));
}

#[test]
fn where_it_cant_be_told_as_many_are_taken_as_the_queue_may_hold() {
    let mut script = waiting(0);
    script.counts = false;
    let at_stop = AtStop::new(Backlog::Serve, 1);
    for _ in 0..2 {
        assert!(at_stop.has_left(|| script.backlog())); // a queue of one holds two
        at_stop.took_one();
    }
    assert!(!at_stop.has_left(|| script.backlog()));
}

#[test]
fn who_finds_none_ends_it_until_the_server_serves_again() {
    let at_stop = AtStop::new(Backlog::Serve, 5);
    let script = waiting(2);
    assert!(at_stop.has_left(|| script.backlog()));
    at_stop.found_none();
    assert!(!at_stop.has_left(|| script.backlog()));
    at_stop.forget();
    assert!(at_stop.has_left(|| script.backlog()));
}

/// How many were turned away of those `clients`, and how many are left, if so many may be.
fn refused(script: Script, most: usize) -> (usize, usize) {
    let (server, acceptor) = serve(script, |builder| builder.backlog_at_shutdown(Backlog::Leave));
    let script = server.socket().unwrap();
    refuse(&acceptor.shared, &*script, most);
    let rejected = server.state().rejected.lock();
    assert!(rejected.iter().all(|reason| *reason == Refusal::Draining));
    assert_eq!(server.stats().refused_by.draining, rejected.len() as u64);
    (rejected.len(), script.left())
}

#[test]
fn those_who_are_turned_away_are_told_and_counted_and_no_more_than_may_be() {
    assert_eq!(refused(waiting(3), 5), (3, 0));
    assert_eq!(refused(waiting(3), 2), (2, 1));
    assert_eq!(refused(waiting(3), 0), (0, 3));
}

#[test]
fn one_client_s_error_is_passed_over_and_any_other_ends_it() {
    let (script, other) = (waiting(1), waiting(1));
    for script in [&script, &other] {
        let own = if std::ptr::eq(script, &other) {
            io::ErrorKind::Other
        } else {
            io::ErrorKind::ConnectionAborted
        };
        script.fail(own.into());
        drop(script.come());
    }
    assert_eq!(refused(script, 5), (2, 0));
    assert_eq!(refused(other, 5), (1, 1));
}

#[test]
fn those_who_were_taken_in_ahead_and_are_not_served_are_told_and_counted_too() {
    let mut script = waiting(2);
    script.keeps = true;
    let (server, _) = serve(script, |builder| builder); // by a mix-in that takes nobody in
    assert_eq!(*server.state().rejected.lock(), [Refusal::Draining; 2]);
    assert_eq!((server.stats().refused_by.draining, server.stats().active), (2, 0));
}

#[test]
fn those_who_waited_when_the_port_was_closed_stay_if_who_is_in_the_backlog_does() {
    for (choice, closes, left) in [
        (Backlog::Keep, true, 2),
        (Backlog::Keep, false, 0),
        (Backlog::Serve, true, 0),
        (Backlog::Refuse, true, 0),
    ] {
        let mut script = waiting(2);
        script.keeps = true;
        let server = Scripted::builder().backlog_at_shutdown(choice).serve_on(script).unwrap();
        if closes {
            server.handle().close_port().unwrap();
        }
        server.serve_forever().unwrap(); // by a mix-in that takes nobody in
        assert_eq!(server.socket().unwrap().left(), left, "{choice:?}, {closes}");
    }
}
