//! Children at the limit, at a shutdown, and after their end.

use super::{start, ways};
use crate::{
    clients::{connect, rest},
    subject::children_of,
    util::wait_for,
};

#[test]
fn at_max_children_the_next_client_waits_for_one_to_end() {
    for way in ways() {
        for poll_interval in ["poll_interval=never", "poll_interval=500"] {
            let server = start(&way, &["max_children=2", poll_interval]);
            let (first, _) = server.hold();
            let (_second, _) = server.hold();
            let third = connect(server.address);
            third.sendall(b"pid\n").unwrap();
            assert_eq!(children_of(server.pid).len(), 2);
            drop(first);
            assert!(!rest(third).is_empty());
            server.subject.after("started 3");
        }
    }
}

/// Of a program beside the server, which waits for it itself.
#[test]
fn children_of_others_are_left_alone() {
    for way in ways() {
        for serving in ["loop=forever", "loop=requests"] {
            let server = start(&way, &["strangers=yes", "poll_interval=5", serving]);
            for _ in 0..5 {
                assert!(!server.ask("pid").is_empty()); // whose child is reaped, and the other one is not
            }
            server.terminate();
            assert_eq!(server.subject.after("stranger "), "Some(7)");
            assert_eq!(server.subject.after("accepted "), "5 completed 5 failed 0");
        }
    }
}

#[test]
fn at_max_children_a_shutdown_takes_effect() {
    for way in ways() {
        let server = start(&way, &["max_children=1", "poll_interval=never", "grace=0"]);
        let (client, _) = server.hold();
        let waits = connect(server.address);
        server.terminate();
        server.subject.after("stopped"); // though its one child would go on for ever
        // Who waited in the backlog was refused when the server was closed.
        assert_eq!(server.subject.after("accepted "), "2 completed 0 failed 1");
        assert_eq!((rest(client), rest(waits)), (vec![], vec![]));
    }
}

#[test]
fn children_that_overstay_are_killed_and_reported() {
    for way in ways() {
        let mut server = start(&way, &["deadline=10"]);
        let (first, _) = server.hold();
        let (second, _) = server.hold();
        server.subject.close_input();
        assert_eq!((rest(first), rest(second)), (vec![], vec![]));
        let (_, lines) = server.subject.end();
        for told in ["drained 0 forced 2", "accepted 2 completed 0 failed 2"] {
            assert!(lines.iter().any(|line| line == told), "{lines:?}");
        }
        assert!(!lines.iter().any(|line| line.starts_with("killed")), "we know who it was: {lines:?}");
    }
}

#[test]
fn children_that_end_in_time_are_drained() {
    for way in ways() {
        // The child may have gone before the shutdown begins; then there was nothing to drain.
        wait_for("a shutdown with a child at work", || {
            let mut server = start(&way, &["deadline=60000"]);
            let (client, _) = server.hold();
            server.subject.close_input();
            drop(client);
            let report = server.subject.after("drained ");
            assert!(server.subject.end().0.success());
            assert!(report.ends_with(" forced 0"), "{report}");
            report.starts_with('1')
        });
    }
}

#[test]
fn zombies_dont_accumulate_while_one_request_after_another_is_handled() {
    for way in ways() {
        for poll_interval in ["poll_interval=never", "poll_interval=500"] {
            let server = start(&way, &["loop=requests", poll_interval]);
            for _ in 0..50 {
                server.ask("pid");
                // Nothing else has to happen for that; but on a busy machine several may end at the same moment.
                wait_for("those who have ended to be forgotten", || {
                    children_of(server.pid).into_iter().filter(|(_, is_zombie)| *is_zombie).count() <= 2
                });
            }
            server.wait_for_no_children();
        }
    }
}
