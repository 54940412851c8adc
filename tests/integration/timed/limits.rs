//! Who meets which deadline: one table, which every mix-in goes by.

use super::{ALL, Client, Timed, start};
use crate::util::wait_for;

/// What a client does to meet a limit.
type Meet = fn(&mut Client);

/// The server's settings, what the client does, and what is told.
const CASES: [(&[&str], Meet, &str); 15] = [
    // Of each read, whoever says it: the builder, or the handler.
    (&["read=100"], |client| client.say("half a"), "error Some(Read) read timed out"),
    (&["read=60000", "own-read=100"], |client| client.say("half a"), "error Some(Read) read timed out"),
    // That the server talks meanwhile changes nothing.
    (&["read=100"], |client| client.say("chatter\n"), "error Some(Read) read timed out"),
    // Of each write, however it is made, and of a slow client too: what it takes now and then doesn't prolong it.
    (&["write=100"], |client| client.say("flood\n"), "error Some(Write) write timed out"),
    (&["write=100"], |client| client.say("trickle\n"), "error Some(Write) write timed out"),
    (&["write=60000", "own-write=100"], |client| client.say("flood\n"), "error Some(Write) write timed out"),
    (
        &["write=300"],
        |client| {
            client.say("flood\n");
            client.sip();
        },
        "error Some(Write) write timed out",
    ),
    // A limit for reads is none for writes, and the other way round.
    (&["own-read=60000", "write=100"], |client| client.say("flood\n"), "error Some(Write) write timed out"),
    (&["own-write=60000", "read=100"], |client| client.say("half a"), "error Some(Read) read timed out"),
    // Of the whole request, whatever goes on in it.
    (
        &["request=200", "read=60000"],
        |client| client.dribble(),
        "error Some(Request) the request took too long",
    ),
    (&["request=200"], |client| client.say("half a"), "error Some(Request) the request took too long"),
    (
        &["request=300"],
        |client| {
            client.say("trickle\n");
            client.sip();
        },
        "error Some(Request) the request took too long",
    ),
    // Of a handshake that the handler does itself, whatever it makes of the error.
    (
        &["handshake=200"],
        |client| {
            client.say("shake\n");
            client.dribble();
        },
        "error Some(Handshake) the handshake took too long",
    ),
    (
        &["handshake=100"],
        |client| client.say("shake-darkly\n"),
        "error Some(Handshake) the handshake took too long: something went wrong",
    ),
    // The nearer one counts.
    (
        &["handshake=60000", "request=100"],
        |client| client.say("shake\n"),
        "error Some(Request) the request took too long",
    ),
];

fn all_cases(mixin: &str) {
    for (settings, meet, told) in CASES {
        let server = start(mixin, settings);
        let mut client = server.client();
        meet(&mut client);
        assert_eq!(server.subject.after("error "), &told["error ".len()..], "{mixin} {settings:?}");
        client.rest(); // it is over
        server.serves("");
        end(server, mixin, told);
    }
}

/// Each is counted by its name. A machine that is busy may make good clients meet their limits, too.
#[track_caller]
fn end(server: Timed, mixin: &str, told: &str) {
    let stats = server.end();
    let name = told.split(['(', ')']).nth(1).expect("it is named").to_lowercase();
    let none = format!(" {name} 0");
    assert!(stats.starts_with("accepted ") && !stats.contains(&none), "{mixin}, {told}: {stats}");
}

macro_rules! by_each {
    ($($mixin:ident),*) => { $(
        #[test]
        fn $mixin() {
            all_cases(stringify!($mixin));
        }
    )* };
}
by_each!(sequential, threading, pool, forking, prefork, reactor);

/// It is nobody's error, and what the server writes meanwhile doesn't put it off.
#[test]
fn silence_between_two_requests_has_a_limit_of_its_own() {
    for mixin in ALL {
        let server = start(mixin, &["idle=100", "request=60000"]);
        // A machine that is slow to bring the first request is given another chance.
        wait_for("an answer", || {
            let mut client = server.client();
            client.ask("echo one") == "one" && client.hear().is_empty()
        });
        let stats = server.end();
        assert!(!stats.contains(" idle 0 ") && stats.contains("request 0"), "{mixin}: {stats}");
    }
}
