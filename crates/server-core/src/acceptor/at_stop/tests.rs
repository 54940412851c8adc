//! Who serves, or turns away, those who wait at a stop.

use crate::{
    Accepted, Acceptor, Backlog, Limit, WorkerSettings,
    scripted::{Notes, Script, Scripted, serve},
};
use std::{
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

/// A server at its stop, and so many clients in the backlog.
fn stopping(choice: Backlog, clients: usize, until: Option<Instant>) -> (Scripted, Acceptor<Script, Notes>) {
    let (server, acceptor) = serve(Script::new(), |builder| builder.backlog_at_shutdown(choice));
    let core = &acceptor.shared.core;
    std::mem::forget(core.begin_serving().unwrap().unwrap());
    (0..clients).for_each(|_| drop(server.socket().unwrap().come()));
    core.request_stop(until);
    (server, acceptor)
}

fn late() -> Option<Instant> {
    Some(Instant::now() + Duration::from_secs(30))
}

fn serves(server: &Scripted, acceptor: &Acceptor<Script, Notes>) -> bool {
    acceptor.serves_backlog(&server.socket().unwrap())
}

#[test]
fn those_who_wait_are_served_if_that_was_chosen_until_the_deadline() {
    for until in [None, late()] {
        let (server, acceptor) = stopping(Backlog::Serve, 1, until);
        assert!(acceptor.is_serving_backlog() && serves(&server, &acceptor));
    }
    for (choice, clients, until) in [
        (Backlog::Serve, 1, Some(Instant::now())),
        (Backlog::Serve, 0, late()),
        (Backlog::Refuse, 1, late()),
        (Backlog::Keep, 1, late()),
    ] {
        let (server, acceptor) = stopping(choice, clients, until);
        assert!(!acceptor.is_serving_backlog() && !serves(&server, &acceptor), "{choice:?}, {clients}");
    }
}

#[test]
fn a_server_that_a_handler_has_closed_serves_no_more_of_them() {
    let (server, acceptor) = stopping(Backlog::Serve, 1, None);
    assert!(serves(&server, &acceptor));
    acceptor.shared.core.waker.close();
    assert!(!acceptor.is_serving_backlog() && !serves(&server, &acceptor));
}

/// There is one, for all we know.
#[test]
fn a_place_that_another_took_is_no_sign_that_nobody_is_there() {
    let (server, mut acceptor) = serve(Script::new(), |builder| builder.max_connections(Limit::backlog(1)));
    let script = server.socket().unwrap();
    assert!(acceptor.try_accept(&script, false).unwrap().is_continue());
    assert!(acceptor.found_none, "there was nobody");
    drop(script.come());
    assert!(acceptor.shared.core.gate.try_enter());
    assert!(acceptor.try_accept(&script, false).unwrap().is_continue());
    assert!(!acceptor.found_none);
}

#[test]
fn while_the_server_serves_there_is_no_backlog_to_be_served() {
    let (server, acceptor) = serve(Script::new(), |builder| builder.backlog_at_shutdown(Backlog::Serve));
    let _serving = acceptor.shared.core.begin_serving().unwrap();
    drop(server.socket().unwrap().come());
    assert!(!acceptor.is_serving_backlog());
}

#[test]
fn they_are_given_up_where_nothing_can_come_to_help() {
    let lacking = |inside: bool, until, failures| {
        let (_server, mut acceptor) = stopping(Backlog::Serve, 1, until);
        assert!(!inside || acceptor.shared.core.gate.try_enter());
        (0..failures).for_each(|_| _ = acceptor.back_off.next());
        acceptor.gives_up()
    };
    assert!(lacking(false, None, 9));
    assert!(!lacking(false, None, 8), "only after more than a second");
    assert!(!lacking(true, None, 9), "somebody may leave what lacks");
    assert!(!lacking(false, late(), 9), "the deadline ends it");
}

/// Without a deadline, and with nothing to accept by: the stop comes to its end.
#[test]
fn a_backlog_that_cant_be_taken_in_holds_up_no_stop() {
    let (server, mut acceptor) = stopping(Backlog::Serve, 1, None);
    let script = server.socket().unwrap();
    script.fails.store(true, SeqCst);
    let accepted = acceptor.accept(server.mixin(), None).unwrap();
    assert!(matches!(accepted, Accepted::Stopped));
    assert_eq!((script.left(), server.stats().accept_errors), (1, 9));
}

#[test]
fn a_worker_process_that_has_served_its_share_serves_nobody_more() {
    for (max_requests, may) in [(Some(0), false), (Some(1), true), (None, true)] {
        let (server, acceptor) = stopping(Backlog::Serve, 1, late());
        acceptor.shared.core.act_as_worker(WorkerSettings { max_requests, ..WorkerSettings::default() });
        assert_eq!(serves(&server, &acceptor), may, "{max_requests:?}");
    }
}

#[test]
fn the_one_that_only_looks_after_others_takes_nobody_in_nor_does_a_single_request() {
    let (server, acceptor) = stopping(Backlog::Serve, 1, late());
    let clone = acceptor.clone();
    assert!(!serves(&server, &acceptor), "it has others for that");
    assert!(serves(&server, &clone));
    let for_one = Acceptor::for_one(&acceptor.shared, server.socket().unwrap());
    assert!(!serves(&server, &for_one));
}

/// How many are turned away by this one, of two.
fn refused(server: &Scripted, acceptor: &Acceptor<Script, Notes>) -> u64 {
    acceptor.refuse_backlog(&server.socket().unwrap());
    server.stats().refused
}

#[test]
fn those_who_wait_are_turned_away_if_that_was_chosen_once_and_by_the_loop() {
    let (server, acceptor) = stopping(Backlog::Refuse, 2, late());
    assert_eq!(refused(&server, &acceptor.clone()), 0);
    assert_eq!(refused(&server, &acceptor), 2);
    drop(server.socket().unwrap().come());
    assert_eq!(refused(&server, &acceptor), 2, "who comes later waits");
}

#[test]
fn nobody_is_turned_away_if_that_wasnt_chosen_or_by_a_worker_process() {
    for choice in [Backlog::Keep, Backlog::Serve, Backlog::Leave] {
        let (server, acceptor) = stopping(choice, 2, late());
        assert_eq!(refused(&server, &acceptor), 0, "{choice:?}");
    }
    let (server, acceptor) = stopping(Backlog::Refuse, 2, late());
    acceptor.shared.core.act_as_worker(WorkerSettings::default());
    assert_eq!(refused(&server, &acceptor), 0);
}

#[test]
fn where_nobody_waited_at_the_stop_nobody_is_turned_away() {
    let (server, acceptor) = stopping(Backlog::Refuse, 0, late());
    assert_eq!(refused(&server, &acceptor), 0);
    drop(server.socket().unwrap().come());
    assert_eq!(refused(&server, &acceptor), 0);
}
