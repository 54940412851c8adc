//! Every place of user code, by every mix-in: a panic there ends its own request, once, with all that belongs to it.

use crate::{
    clients::{Client, visit},
    subject::{self, Subject},
    util::GUARD,
};
use socketserver::UdpSocket;
use std::{collections::BTreeSet, fs, net::SocketAddr, path::Path};

/// A place, which `subject panics` knows by this name; what the client says that gets there; how its request may end, nothing if it never
/// began; and the hook that is said to have panicked, if it is one that belongs to no request.
type Place = (&'static str, &'static str, &'static [&'static str], Option<&'static str>);

const COMPLETED: &[&str] = &["Completed"];
const FAILED: &[&str] = &["Failed"];
const PANICKED: &[&str] = &["Panicked"];

/// In the hooks, in observers, in errors: what all kinds of handlers have.
const COMMON: &[Place] = &[
    ("get_request", "hello", &[], Some("get_request")),
    ("verify_request", "hello", PANICKED, None),
    ("process_request", "hello", PANICKED, Some("process_request")),
    ("process_request_after", "hello", COMPLETED, Some("process_request")),
    ("finish_request", "hello", PANICKED, None),
    ("factory", "hello", PANICKED, None),
    ("setup", "hello", PANICKED, None),
    ("handle", "hello", PANICKED, None),
    ("payload", "hello", PANICKED, None),
    ("finish", "hello", PANICKED, None),
    ("handler_drop", "hello", PANICKED, None),
    ("handle_error", "fail", FAILED, Some("handle_error")),
    ("error_display", "fail", FAILED, Some("handle_error")),
    // Who tells of the single requests of a connection may be the first to ask for it.
    ("error_source", "fail", &["Panicked", "Failed"], None),
    ("error_drop", "fail", FAILED, Some("drop of an error")),
    ("reject_because", "refuse", &["Refused(MaxHandshakes)"], Some("reject_request")),
    ("shutdown_request", "hello", COMPLETED, Some("shutdown_request")),
    ("close_request", "hello", COMPLETED, Some("close_request")),
    ("service_actions", "hello", COMPLETED, Some("service_actions")),
    ("wants_requests", "hello", COMPLETED, None),
    ("event_start", "hello", COMPLETED, None),
    ("event_end", "hello", COMPLETED, None),
    ("enter", "hello", COMPLETED, None),
    ("leave", "hello", COMPLETED, None),
];

/// In what handlers of streams, and the streams themselves, have besides.
const OF_STREAMS: &[Place] = &[
    ("rbufsize", "hello", PANICKED, None),
    ("wbufsize", "hello", PANICKED, None),
    ("read_timeout", "hello", PANICKED, None),
    ("write_timeout", "hello", PANICKED, None),
    ("disable_nagle_algorithm", "hello", PANICKED, None),
    ("last_flush", "hello", PANICKED, None),
    ("request_drop", "hello", COMPLETED, Some("close_request")),
];

/// What is never reached: a reactor has no single run of a handler, what a child does is told by its parent, and so on.
fn is_there(place: &str, mixin: &str) -> bool {
    match mixin {
        "reactor" => place != "finish_request",
        "forking" => !["enter", "leave"].contains(&place),
        _ => true,
    }
}

struct Program {
    subject: Subject,
    address: SocketAddr,
    folder: tempfile::TempDir,
    is_udp: bool,
    /// What it has told so far.
    told: Vec<String>,
}

impl Program {
    fn start(mixin: &str, kind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let subject = subject::start(&["panics", mixin, kind, &path]);
        let address = subject.after("serving ").parse().unwrap();
        Program { subject, address, folder, is_udp: ["datagram", "base"].contains(&kind), told: Vec::new() }
    }

    fn arm(&self, place: &str) -> impl Fn() -> bool + use<> {
        let armed = self.folder.path().join(place);
        fs::write(&armed, "").unwrap();
        move || !Path::exists(&armed)
    }

    /// A client comes, says something, and sees its end; of a datagram there may be none.
    fn victim(&self, word: &str) {
        if self.is_udp {
            UdpSocket::bind("127.0.0.1:0").unwrap().sendto(word.as_bytes(), self.address).unwrap();
        } else {
            visit(self.address, format!("{word}\n").as_bytes());
        }
    }

    fn assert_serves(&self, after: &str) {
        if self.is_udp {
            let client = UdpSocket::bind("127.0.0.1:0").unwrap();
            client.settimeout(Some(GUARD));
            client.sendto(b"hello", self.address).unwrap();
            let mut answer = [0; 20];
            let n = client.recvfrom(&mut answer).unwrap_or_else(|error| panic!("after {after}: {error}")).0;
            assert_eq!(&answer[..n], b"hello\n", "after {after}");
        } else {
            let answer = visit(self.address, b"hello\n");
            assert_eq!(String::from_utf8_lossy(&answer), "hello\nbye\n", "after {after}");
        }
    }

    /// Waits until nothing is in progress, so many have been accepted, and so many hooks are said to have panicked: a panic may be told when
    /// its request has ended, while others are served. Gives what was told meanwhile.
    fn rest(&mut self, accepted: usize, hooks: usize, after: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let end = std::time::Instant::now() + GUARD;
        loop {
            self.subject.tell("stats");
            let stats = loop {
                let line = self.subject.line();
                match line.strip_prefix("stats ") {
                    Some(stats) => break stats.to_owned(),
                    None => lines.push(line),
                }
            };
            let told = lines.iter().filter(|line| line.starts_with("! ")).count();
            if stats == format!("{accepted} {accepted} 0") && told >= hooks {
                self.told.extend_from_slice(&lines);
                return lines;
            }
            assert!(std::time::Instant::now() < end, "after {after}: {stats}, not {accepted}; {lines:?}");
            std::thread::yield_now();
        }
    }
}

/// How those ended that were told of, sorted; each that began has ended, once.
fn outcomes<'l>(lines: &'l [String], after: &str) -> Vec<&'l str> {
    let begun: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("+ ")).collect();
    let ended = lines.iter().filter_map(|line| line.strip_prefix("- ")?.split_once(' '));
    let (ids, mut outcomes): (Vec<_>, Vec<_>) = ended.unzip();
    let set = |ids: &[&'l str]| ids.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!((begun.len(), set(&begun)), (ids.len(), set(&ids)), "after {after}: {lines:?}");
    assert_eq!(set(&begun).len(), begun.len(), "after {after}: {lines:?}");
    outcomes.sort_unstable();
    outcomes
}

fn every_place(mixin: &str, kind: &str) {
    let mut program = Program::start(mixin, kind);
    let places = if program.is_udp { &[] } else { OF_STREAMS };
    let mut accepted = 0;
    for (place, word, ends, hook) in COMMON.iter().chain(places).filter(|it| is_there(it.0, mixin)) {
        let after = &format!("{mixin} {kind} {place}");
        let is_sprung = program.arm(place);
        program.victim(word);
        // A datagram is on its way; who comes next doesn't overtake it, but may come there first, by another thread.
        if program.is_udp {
            crate::util::wait_for(after, &is_sprung);
        }
        program.assert_serves(after);
        crate::util::wait_for(after, &is_sprung);
        accepted += 1 + usize::from(!ends.is_empty());
        let lines = program.rest(accepted, usize::from(hook.is_some()), after);
        let outcomes = outcomes(&lines, after);
        let expected: Vec<_> = if ends.is_empty() {
            vec![COMPLETED.to_vec()]
        } else {
            ends.iter()
                .map(|end| {
                    let mut both = vec![*end, "Completed"];
                    both.sort_unstable();
                    both
                })
                .collect()
        };
        assert!(expected.contains(&outcomes), "after {after}: {lines:?}");
        let hooks: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("! ")).collect();
        assert_eq!(hooks, Vec::from_iter(*hook), "after {after}");
    }
    let places: &[&str] = match program.is_udp {
        false if kind == "keep-alive" => &["state_shutdown", "handler_shutdown"],
        _ => &["state_shutdown"],
    };
    let sprung: Vec<_> = places.iter().map(|place| program.arm(place)).collect();
    let idle = (kind == "keep-alive").then(|| {
        let mut client = Client::connect(program.address);
        assert_eq!(client.ask("hello"), "hello", "{mixin} {kind}");
        client
    });
    program.subject.close_input();
    if let Some(mut client) = idle {
        let _ = client.try_hear(); // it sees the end, perhaps after a word
    }
    let (status, lines) = program.subject.end();
    assert!(status.success(), "{mixin} {kind}: {lines:?}");
    assert!(sprung.iter().all(|is_sprung| is_sprung()), "{mixin} {kind}: {lines:?}");
    assert_eq!(lines.last().map(String::as_str), Some("left nothing"), "{mixin} {kind}");
    let ends = if kind == "keep-alive" { PANICKED } else { &[] };
    assert_eq!(outcomes(&lines, "the end"), ends, "{mixin} {kind}: {lines:?}");
}

macro_rules! every_place {
    ($($name:ident $mixin:literal: $($kind:literal)*;)*) => { $(
        #[test]
        fn $name() {
            $( every_place($mixin, $kind); )*
        }
    )* };
}
every_place! {
    in_the_loop "sequential": "keep-alive" "stream" "datagram" "base";
    with_threads "threading": "keep-alive" "stream" "datagram" "base";
    with_a_pool "pool": "keep-alive" "stream" "datagram" "base";
    with_children "forking": "keep-alive" "stream" "datagram" "base";
    with_processes "prefork": "keep-alive" "stream" "datagram" "base";
    with_a_reactor "reactor": "keep-alive";
}
