//! Handshakes that a transport asks for: where the handler runs, under a deadline, a limited number at once.

use super::{ALL, Client, Timed, start};
use crate::util::wait_for;
use reliability::children_of;
use rustix::process::Signal;
use std::{
    thread,
    time::{Duration, Instant},
};

const TRANSPORTS: [&str; 2] = ["transport=magic", "transport=asking"];
/// By these one connection doesn't have to wait for the end of another.
const SEVERAL: [&str; 5] = ["threading", "pool", "forking", "prefork", "reactor"];

#[test]
fn who_is_in_a_handshake_holds_up_nobody() {
    for mixin in SEVERAL {
        for transport in TRANSPORTS {
            let server = start(mixin, &[transport, "handshake=60000", "workers=6"]);
            let _silent = [(); 3].map(|()| server.client());
            let mut slow = server.client();
            slow.say("LONG");
            for byte in ["a", "b", "c"] {
                slow.say(byte);
                let mut client = server.client();
                client.say("PLAYecho good\n");
                assert!(client.hear().ends_with("good"), "{mixin} {transport}");
            }
            slow.say("\necho slow\n");
            assert!(slow.hear().ends_with("slow"), "{mixin} {transport}");
        }
    }
}

#[test]
fn who_doesnt_get_through_it_in_time_is_closed() {
    for mixin in ALL {
        for transport in TRANSPORTS {
            const LIMIT: Duration = Duration::from_millis(200);
            let server = start(mixin, &[transport, "handshake=200"]);
            let silent = server.client();
            let late = "Some(Handshake) the handshake took too long";
            assert_eq!(server.subject.after("error "), late, "{mixin} {transport}");
            silent.rest();
            let mut slow = server.client();
            slow.say("LONG");
            slow.dribble();
            assert_eq!(server.subject.after("error "), late, "{mixin} {transport}");
            let mut late_ones = 2;
            loop {
                let begun = Instant::now();
                let mut good = server.client();
                good.say("PLAYecho good\n");
                let heard = good.hear();
                if heard.ends_with("good") {
                    break;
                }
                assert!(begun.elapsed() >= LIMIT, "{mixin} {transport}: {heard}"); // the machine is busy
                late_ones += 1;
            }
            let stats = server.end();
            let expected = format!("handshake {late_ones} ");
            assert!(stats.contains(&expected), "{mixin} {transport}: {stats}");
        }
    }
}

#[test]
fn one_that_fails_or_panics_is_an_error_of_its_own_request() {
    for mixin in ALL {
        let server = start(mixin, &["transport=magic"]);
        for (word, told) in [("FAIL", "None not the word"), ("DIES", "None panicked: as was asked")] {
            let mut client = server.client();
            client.say(word);
            assert_eq!(server.subject.after("error "), told, "{mixin}");
            client.rest();
        }
        server.serves("PLAY");
        assert!(server.end().starts_with("accepted 3 active 0 completed 1 failed 2 "), "{mixin}");
    }
}

/// What came behind it has its own time.
#[test]
fn the_deadline_of_a_handshake_ends_with_it() {
    for mixin in ALL {
        let server = start(mixin, &["transport=magic", "handshake=200", "idle=60000"]);
        let mut client = server.client();
        wait_for("a handshake in time", || {
            client = server.client();
            client.say("PLAYecho one\n");
            client.hear() == "one"
        });
        thread::sleep(Duration::from_millis(400)); // twice as long
        assert_eq!(client.ask("echo two"), "two", "{mixin}");
    }
}

#[test]
fn a_handshake_may_find_out_who_the_client_is() {
    for mixin in ALL {
        let server = start(mixin, &["transport=magic"]);
        let mut client = server.client();
        client.say("PROX");
        assert_eq!(client.ask("who"), "192.0.2.1:99", "{mixin}");
    }
}

#[test]
fn who_lists_the_connections_sees_who_is_in_a_handshake() {
    for mixin in SEVERAL {
        for transport in ["transport=magic", "transport=tcp"] {
            let mut server = start(mixin, &[transport, "handshake=60000"]);
            let mut client = server.client();
            // That of the transport, or the handler's own.
            client.say(if transport == "transport=tcp" { "shake\n" } else { "LONG" });
            let mut is_seen = |what: &str| {
                server.subject.tell("connections");
                server.subject.after("connections ") == what
            };
            wait_for("the handshake", || is_seen("Handshaking"));
            client.say("word\necho on\n");
            wait_for("its end", || is_seen("Idle"));
        }
    }
}

#[test]
fn more_than_may_be_at_once_are_turned_away_and_told() {
    for mixin in ["threading", "pool", "forking", "reactor"] {
        for transport in ["transport=magic", "transport=asking", "transport=tcp"] {
            let greeting = if transport == "transport=tcp" { "shake\n" } else { "LONG" };
            let mut server = start(mixin, &[transport, "handshakes=1", "handshake=60000"]);
            let mut first = server.client();
            first.say(greeting);
            let mut is_seen = |what: &str| {
                server.subject.tell("connections");
                server.subject.after("connections ") == what
            };
            wait_for("the handshake", || is_seen("Handshaking"));
            let mut second = server.client();
            if transport == "transport=tcp" {
                second.say(greeting);
            }
            assert_eq!(second.hear(), "busy", "{mixin} {transport}");
            assert_eq!(server.subject.after("rejected "), "MaxHandshakes");

            // The answer to the handshake, if that is the handler's own, and to what follows.
            let served = |client: &mut Client| {
                client.say("word\necho on\n");
                (transport != "transport=tcp" || client.hear() == "word") && client.hear().ends_with("on")
            };
            server.tell("handshakes 2"); // there may be more from now on
            let mut third = server.client();
            third.say(greeting);
            assert!(served(&mut third), "{mixin} {transport}");

            server.tell("handshakes 1");
            assert!(served(&mut first), "{mixin} {transport}");
            let mut fourth = server.client(); // the place was given back
            fourth.say(greeting);
            assert!(served(&mut fourth), "{mixin} {transport}");
            drop((first, third, fourth));
            let stats = server.end();
            assert!(stats.contains(" refused 1 ") && stats.contains("timed out 0"), "{stats}");
        }
    }
}

/// Of children that are forked for a request each, and of worker processes, which have the limit each for themselves.
#[test]
fn a_limit_that_is_changed_reaches_processes() {
    for mixin in ["forking", "prefork"] {
        let mut server = start(mixin, &["transport=tcp", "handshake=60000", "processes=1"]);
        let shake = |server: &Timed| {
            let mut client = server.client();
            client.ask("shake\nword")
        };
        assert_eq!(shake(&server), "word", "{mixin}");
        server.tell("handshakes 0");
        wait_for("it to be heard", || shake(&server) == "busy");
        server.tell("handshakes none");
        wait_for("it to be heard", || shake(&server) == "word");
        server.end();
    }
}

#[test]
fn a_child_that_is_killed_takes_no_place_with_it() {
    let mut server = start("forking", &["transport=magic", "handshakes=1", "handshake=60000"]);
    let pid: u32 = server.pid;
    let mut first = server.client();
    first.say("LONG");
    wait_for("the handshake", || {
        server.subject.tell("connections");
        server.subject.after("connections ") == "Handshaking"
    });
    assert_eq!(server.client().hear(), "busy");
    wait_for("the one who was told to be gone", || children_of(pid).len() == 1);
    children_of(pid).into_iter().for_each(|child| reliability::signal(child, Signal::KILL).unwrap());
    first.rest();
    wait_for("its end to be noticed", || {
        let mut next = server.client();
        next.say("PLAY");
        next.ask("echo on") == "on"
    });
    let stats = server.end();
    assert!(stats.contains(" failed 1 "), "{stats}");
}

/// Where the client has the first word, it is waited for without a thread.
#[test]
fn silent_clients_take_no_thread_from_a_reactor() {
    let server = start("reactor", &["transport=magic", "handshake=60000", "workers=2"]);
    let _silent = [(); 100].map(|()| server.client());
    for _ in 0..10 {
        server.serves("PLAY");
    }
}
