//! Processes that end, hang or have done enough are replaced.

use super::house::{Ended, Prefork, signal, start, wait_for_end};
use crate::{
    clients::connect,
    subject::children_of,
    util::{in_time, wait_for},
};
use rustix::process::Signal;
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::Duration,
};

#[test]
fn a_process_that_is_killed_is_replaced() {
    let server = start(2, &[]);
    let before = server.children();
    for _ in 0..2 {
        let victim = server.who();
        signal(victim, Signal::KILL);
        let ended = server.ended();
        assert_eq!((ended.pid, ended.status.as_str(), ended.expected), (victim, "signal", false));
        let new = server.started();
        assert!(!before.contains(&new));
        assert_eq!(server.children().len(), 2);
        server.who();
    }
    assert!(children_of(server.pid).iter().all(|(_, is_zombie)| !is_zombie));
    assert_eq!(server.close(), 4);
}

#[test]
fn a_process_that_ends_itself_is_replaced() {
    let server = start(1, &[]);
    let mut client = server.connect();
    let first = client.who();
    assert_eq!(client.ask("exit"), "");
    assert_eq!(
        server.ended(),
        Ended { pid: first, status: "3".into(), expected: false, back_off: 0, lost: 1 }
    );
    assert_ne!(server.who(), first);
    // Its last request has failed.
    assert_eq!(server.close(), 2);
}

/// Nobody else tells of their end.
#[test]
fn what_is_in_progress_in_a_process_that_is_killed_is_told() {
    for inner in ["pool", "sequential", "threading", "forking", "reactor"] {
        let server = start(1, &[&format!("inner={inner}")]);
        let first = *server.children().first().unwrap();
        let together = if inner == "sequential" { 1 } else { 3 };
        let held = |how_many: usize| -> Vec<_> {
            let clients = (0..how_many).map(|_| {
                let mut client = server.connect();
                assert_ne!(client.ask("hold"), "", "{inner}");
                client
            });
            clients.collect()
        };
        let lost = held(together);
        signal(first, Signal::KILL);
        let ended = server.ended();
        assert_eq!((ended.lost, ended.expected), (together, false), "{inner}");
        drop(lost);
        // An end that is orderly loses nothing.
        let second = server.started();
        let finished = held(1);
        signal(second, Signal::TERM);
        finished.into_iter().for_each(|client| client.leave());
        let ended = server.ended();
        assert_eq!((ended.pid, ended.lost, ended.expected), (second, 0, true), "{inner}");
        server.close();
    }
}

/// Not at once and for ever: each that ends too soon makes the next wait longer.
#[test]
fn processes_that_end_at_once_are_replaced_ever_more_slowly() {
    let server = super::house::start_under(&[], 1, &["inner=crashing"]);
    let waits: Vec<_> =
        (0..5).map(|_| server.ended()).map(|it| (it.status, it.expected, it.back_off)).collect();
    assert_eq!(waits, [0, 100, 200, 400, 800].map(|wait| ("3".to_owned(), false, wait)));
    server.close();
}

#[test]
fn a_process_whose_loop_hangs_is_killed_and_replaced() {
    seems_to_hang_only_when_it_does(|server| {
        let mut client = server.connect();
        let first = client.try_ask("pid");
        client.try_say("hang");
        let is_it = server.after("hung ") == first;
        let ended = server.ended();
        assert_eq!((ended.status.as_str(), ended.expected), ("signal", false));
        assert!(!is_it || ended.pid.to_string() == first);
        assert_eq!(client.hear(), "");
        is_it.then_some(first)
    });
}

/// A machine may be so busy that a process seems to hang, but less so the longer it may be silent. `hangs` gives the process that it made hang,
/// if it was that one which was noticed.
fn seems_to_hang_only_when_it_does(hangs: impl Fn(&Prefork) -> Option<String>) {
    in_time(Duration::from_secs(1), |limit| {
        let server = start(1, &[&format!("heartbeat={}", limit.as_millis())]);
        let Some(first) = hangs(&server) else { return false };
        let second = server.connect().try_ask("pid");
        assert_ne!(second, first);
        server.close();
        !second.is_empty()
    });
}

#[test]
fn a_process_that_is_stopped_is_killed_and_replaced() {
    seems_to_hang_only_when_it_does(|server| {
        let first: u32 = server.connect().try_ask("pid").parse().ok()?;
        signal(first, Signal::STOP);
        while server.after("hung ") != first.to_string() {}
        Some(first.to_string())
    });
}

/// A loop that runs the request itself doesn't hang while the request lasts; nor does one that has nothing to do.
#[test]
fn a_long_request_is_no_hang() {
    for inner in ["inner=sequential", "inner=pool"] {
        // A machine may be so busy that a process seems to hang, but less so the longer it may be silent.
        in_time(Duration::from_secs(1), |limit| {
            let server = start(1, &[&format!("heartbeat={}", limit.as_millis()), inner]);
            let mut client = server.connect();
            let pid = client.ask("hold");
            thread::sleep(limit * 5 / 2);
            if client.try_ask("draining") != "false" {
                return false;
            }
            client.leave();
            let is_there = server.connect().try_ask("pid") == pid;
            server.close();
            is_there
        });
    }
}

#[test]
fn a_process_that_has_served_enough_is_replaced_and_nobody_notices() {
    for inner in ["inner=sequential", "inner=pool", "inner=threading"] {
        let server = start(2, &["max_requests=5", inner]);
        let served_by: Vec<_> = (0..60).map(|_| server.who()).collect();
        let different: BTreeSet<_> = served_by.iter().collect();
        assert!(different.len() >= 8, "{served_by:?}");
        for _ in 0..8 {
            let ended = server.ended();
            assert_eq!((ended.status.as_str(), ended.expected, ended.back_off), ("0", true, 0));
        }
        assert_eq!(server.close(), 60);
    }
}

/// What is in progress goes on in the old process, while the new one serves already; and so does what has only begun: who has connected and says
/// nothing yet.
#[test]
fn a_process_ends_when_its_last_request_has() {
    for inner in ["inner=pool", "inner=threading", "inner=reactor"] {
        let server = start(1, &["max_requests=1", inner]);
        let mut client = server.connect();
        let new = server.started();
        assert_eq!(server.who(), new, "{inner}");
        let old = client.who();
        assert_ne!(old, new, "{inner}");
        assert_eq!(client.hear(), "", "a keep-alive connection ends with the request that sees the draining");
        wait_for_end(old);
        server.close();
    }
}

/// One whose connection is over, and who goes on sending all the same.
#[test]
fn who_lingers_in_an_old_process_keeps_nobody_from_being_served_by_a_new_one() {
    const PACE: Duration = Duration::from_millis(10);
    for inner in ["inner=sequential", "inner=pool", "inner=threading"] {
        // He is cut off after five seconds, in which a busy machine may not have come to it.
        let is_served_meanwhile = (0..5).any(|_| {
            let server = start(1, &["max_requests=2", inner]);
            let lingers = connect(server.address);
            lingers.sendall(format!("fail\n{}", "and more ".repeat(4000)).as_bytes()).unwrap();
            lingers.recv(&mut [0]).unwrap(); // that is all for him
            let has_others = AtomicBool::new(true);
            let goes_on = || lingers.sendall(b"and more").is_ok();
            let is_there = thread::scope(|scope| {
                let sends = scope.spawn(|| {
                    while has_others.load(SeqCst) && goes_on() {
                        thread::sleep(PACE);
                    }
                });
                let (old, new) = (server.who(), server.who());
                assert_ne!(old, new, "{inner}");
                let is_there = (0..3).all(|_| {
                    thread::sleep(PACE);
                    goes_on()
                });
                has_others.store(false, SeqCst);
                sends.join().unwrap();
                is_there
            });
            drop(lingers);
            assert_eq!(server.close(), 3, "{inner}");
            is_there
        });
        assert!(is_served_meanwhile, "{inner}");
    }
}

/// He is waited for, but not for ever.
#[test]
fn who_says_nothing_doesnt_keep_an_old_process_for_ever() {
    let server = start(1, &["max_requests=1"]);
    let mut silent = server.connect();
    server.started();
    let old = server.ended();
    assert_eq!((old.status.as_str(), old.expected, old.lost), ("0", true, 0));
    assert_eq!(silent.hear(), "");
    server.close();
}

/// Where there is but the loop, and that is with a client: who is idle goes at once, who is in a request when the grace is over, be it that its
/// handler doesn't notice.
#[test]
fn who_holds_up_the_loop_itself_keeps_an_old_process_no_longer_than_its_grace() {
    const LONG: &str = "grace=600000";
    const SHORT: &str = "grace=50";
    for limit in ["max_requests=1", "max_requests=100"] {
        for (says, grace) in [("pid", LONG), ("hold", SHORT), ("sleep", SHORT)] {
            let server = start(1, &["inner=sequential", limit, grace]);
            let old = *server.children().first().unwrap();
            let mut client = server.connect();
            let answer = client.ask(says);
            assert!(
                answer == old.to_string() || answer.is_empty() && grace == SHORT,
                "{limit} {says}: {answer}"
            );
            if limit == "max_requests=100" {
                signal(old, Signal::TERM);
            }
            assert_eq!(client.hear(), "", "{limit} {says}");
            assert_eq!(server.ended().pid, old, "{limit} {says}");
            // Its time may be over, too, before it has answered.
            wait_for("another to serve", || {
                server.connect().ask("pid").parse().is_ok_and(|pid: u32| pid != old)
            });
            server.close();
        }
    }
}

#[test]
fn sigterm_replaces_a_process_and_sigint_does_nothing() {
    let server = start(2, &[]);
    let victim = server.who();
    signal(victim, Signal::INT);
    wait_for("it to serve again", || server.who() == victim);
    signal(victim, Signal::TERM);
    let ended = server.ended();
    assert_eq!((ended.pid, ended.status.as_str(), ended.expected), (victim, "0", true));
    assert_ne!(server.started(), victim);
    server.close();
}
