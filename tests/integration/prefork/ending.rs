//! Ending the server, from everywhere.

use super::house::{signal, start, wait_for_end};
use crate::util::{in_time, wait_for};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// Beyond a deadline, after which a process is killed that hasn't come to its end.
const MARGIN: Duration = Duration::from_secs(1);

/// Where the loop is inside the handler and where it isn't; a deadline in milliseconds, and one that has passed when it is heard.
const CASES: [(&str, u32); 4] =
    [("inner=sequential", 100), ("inner=pool", 100), ("inner=sequential", 0), ("inner=pool", 0)];

#[test]
fn a_signal_stops_accepting_and_lets_requests_finish() {
    for inner in ["inner=pool", "inner=threading", "inner=one"] {
        let server = start(2, &[inner]);
        let held = server.hold_each(2);
        let children = server.children();
        server.terminate();
        held.into_iter().for_each(|(_, client)| client.drain());
        assert!(server.finish(children) >= 2);
    }
}

#[test]
fn what_overstays_the_deadline_is_ended_by_force() {
    let server = start(2, &["deadline=200"]);
    let mut held = server.hold_each(2);
    let children = server.children();
    server.terminate();
    held.iter_mut().for_each(|(_, client)| assert_eq!(client.hear(), ""));
    server.finish(children);
}

#[test]
fn a_shutdown_says_who_finished_and_who_was_forced() {
    in_time(Duration::from_millis(500), |deadline| {
        let mut server = start(2, &["control=yes"]);
        let mut held = server.hold_each(2);
        server.wait_for_active(2);
        server.subject.tell(&format!("shutdown {}", deadline.as_millis()));
        let [(_, first), (_, second)] = &mut held[..] else { panic!("two") };
        wait_for("it to be heard, or to be too late", || first.try_ask("draining") != "false");
        first.try_say("go");
        assert_eq!(first.hear(), "");
        assert_eq!(second.hear(), "");
        let report = server.after("drained ");
        assert!(["1 forced 1", "0 forced 2"].contains(&&*report), "{report}");
        server.subject.close_input();
        assert!(server.end().0.success());
        report == "1 forced 1"
    });
}

/// The loop itself is inside the handler there, and hears nothing.
#[test]
fn a_loop_that_is_inside_a_handler_is_ended_by_force_at_the_deadline() {
    for inner in ["inner=sequential", "inner=pool"] {
        in_time(Duration::from_millis(200), |deadline| {
            let mut server = start(1, &["control=yes", inner]);
            let (_, mut client) = server.hold_each(1).remove(0);
            let told = Instant::now();
            server.subject.tell(&format!("shutdown {}", deadline.as_millis()));
            assert_eq!(client.hear(), "", "{inner}");
            assert_eq!(server.after("drained "), "0 forced 1", "{inner}");
            let ended = server.ended();
            if ended.status == "signal" {
                assert!(told.elapsed() >= deadline + MARGIN, "{inner}: it had no time");
                return false;
            }
            assert_eq!(ended.status, "0", "{inner}: it came to its end");
            server.subject.close_input();
            let counts = server.after("accepted ");
            assert!(counts.ends_with(" failed 0 disconnected 0 active 0 forced 1"), "{counts}");
            assert!(server.end().0.success());
            true
        });
    }
}

#[test]
fn what_notices_no_force_is_killed_and_counts_as_forced() {
    for (inner, deadline) in CASES {
        let mut server = start(1, &["control=yes", inner]);
        let mut client = server.connect();
        client.ask("sleep");
        server.subject.tell(&format!("shutdown {deadline}"));
        assert_eq!(client.hear(), "", "{inner}, {deadline}");
        assert_eq!(server.after("drained "), "0 forced 1", "{inner}, {deadline}");
        server.subject.close_input();
        let counts = server.after("accepted ");
        assert!(counts.ends_with(" failed 1 disconnected 0 active 0 forced 1"), "{counts}");
        assert!(server.end().0.success());
    }
}

/// Where a request holds up the loop of its process, and so that of the parent; and where it holds up only who closes the server.
#[test]
fn a_signal_is_heard_though_the_server_stops_already() {
    for (inner, deadline) in CASES {
        let mut server = start(2, &["control=yes", inner, &format!("deadline={deadline}")]);
        let mut held = server.connect();
        held.ask("hold");
        let mut other = server.connect();
        assert_eq!(other.ask("shutdown"), "", "{inner}");
        wait_for("it to be heard", || held.ask("draining") == "true");
        server.subject.close_input();
        server.terminate();
        assert_eq!(held.hear(), "", "{inner}, {deadline}");
        let (status, counts) = server.end();
        assert!(status.success() && counts.ends_with(" forced 1"), "{inner}, {deadline}, {status}: {counts}");
    }
}

/// In a process that is stopped there is nobody to force anything: it is killed.
#[test]
fn what_is_killed_at_the_deadline_counts_as_forced() {
    in_time(Duration::from_millis(500), |deadline| {
        let mut server = start(2, &["control=yes"]);
        let mut held = server.hold_each(2);
        server.wait_for_active(2);
        super::house::stop(held[0].0);
        server.subject.tell(&format!("shutdown {}", deadline.as_millis()));
        let other = &mut held[1].1;
        wait_for("it to be heard, or to be too late", || other.try_ask("draining") != "false");
        other.try_say("go");
        assert_eq!(other.hear(), "");
        let report = server.after("drained ");
        assert!(["1 forced 1", "0 forced 2"].contains(&&*report), "{report}");
        server.subject.close_input();
        let counts = server.after("accepted ");
        assert!(server.end().0.success());
        let is_in_time = report == "1 forced 1";
        assert!(
            !is_in_time || counts.ends_with(" failed 1 disconnected 0 active 0 forced 1"),
            "{report}, {counts}"
        );
        is_in_time
    });
}

/// Without a deadline the server stops serving, and its processes go on until they have nothing more to do; a deadline may come
/// later.
#[test]
fn a_deadline_may_be_set_after_a_stop_without_one() {
    let mut server = start(2, &["control=yes"]);
    let mut held = server.hold_each(2);
    server.subject.tell("stop");
    server.after("stopped");
    held.remove(0).1.drain();
    let (_, mut second) = held.remove(0);
    // There is time; each process hears of the stop when it comes to it.
    wait_for("the other to hear of it", || second.ask("draining") == "true");
    server.subject.tell("shutdown 200");
    assert_eq!(second.hear(), "");
    assert!(server.after("drained ").ends_with(" forced 1"));
    server.subject.close_input();
    assert!(server.end().0.success());
}

#[test]
fn a_handler_may_stop_the_server() {
    let server = start(2, &[]);
    let mut client = server.connect();
    client.say("shutdown");
    server.after("stopped");
    drop(client);
    assert!(server.end().0.success());
}

/// When the parent is gone there is nobody to tell the processes to end, so they end by themselves.
#[test]
fn no_process_outlives_its_parent() {
    for inner in ["inner=pool", "inner=sequential", "inner=reactor"] {
        let server = start(3, &["grace=200", inner]);
        server.who();
        let children = server.children();
        assert_eq!(children.len(), 3);
        let mut client = server.connect();
        let is_held = inner == "inner=pool";
        let served_by = is_held.then(|| client.ask("hold"));
        signal(server.pid, Signal::KILL);
        if is_held {
            assert_eq!(client.hear(), "", "{served_by:?} gives up after its grace period");
        } else {
            drop(client);
        }
        children.into_iter().for_each(wait_for_end);
    }
}

/// Not even one whose handler notices nothing, while its loop is inside it.
#[test]
fn a_process_that_notices_nothing_doesnt_outlive_its_parent() {
    for inner in ["inner=pool", "inner=sequential"] {
        let server = start(1, &["grace=100", inner]);
        let children = server.children();
        server.connect().ask("sleep");
        signal(server.pid, Signal::KILL);
        children.into_iter().for_each(wait_for_end);
    }
}

/// They are told at once, whatever they were doing, and the parent is patient with those that are late.
#[test]
fn a_server_can_be_stopped_at_any_moment() {
    for round in 0..10 {
        let server = super::house::start_under(&[], 3, &[]);
        (0..round % 4).for_each(|_| {
            server.started();
        });
        server.terminate();
        let pid = server.pid;
        let (status, counts) = server.end();
        assert!(status.success(), "{status}");
        assert!(counts.starts_with("accepted 0 ended 0 "), "{counts}");
        assert_eq!(crate::subject::children_of(pid), []);
    }
}
