//! Exactly one start and one end of every connection and every request, whatever happens, by every mix-in; and they add up.

mod adapters;
mod own_mixin;
mod several;
pub(crate) mod told;

use crate::clients::{connect, connect_from, rest};
use reliability::limit_descriptors;
use rustix::process::{Pid, Signal, kill_process};
use socketserver::{TcpStream, UdpSocket, prelude::*};
use std::{
    net::{Shutdown, SocketAddr},
    time::Duration,
};
use told::{REASONS, Told};

const ALL: [&str; 6] = ["sequential", "threading", "pool", "forking", "prefork", "reactor"];

/// What a client says, where from, whether it resets the connection when it has heard something; how its requests and its
/// connection end, with the bytes.
struct Case {
    from: u8,
    says: &'static str,
    resets: bool,
    requests: &'static [&'static str],
    connection: &'static str,
}

const fn case(says: &'static str, requests: &'static [&'static str], connection: &'static str) -> Case {
    Case { from: 1, says, resets: false, requests, connection }
}

/// What ends before a child is forked.
const fn early(from: u8, connection: &'static str) -> Case {
    Case { from, says: "", resets: false, requests: &[], connection }
}

const CASES: [Case; 13] = [
    case("", &[], "Completed 0 0"),
    case("ok\nok\n", &["Completed 3 5", "Completed 3 5"], "Completed 6 10"),
    case("ok\nquit\n", &["Completed 3 5", "Completed 5 0"], "Completed 8 5"),
    case("ok\nfail\n", &["Completed 3 5", "Failed 5 0"], "Failed 8 5"),
    case("panic\n", &["Panicked 6 0"], "Panicked 6 0"),
    case("read\n", &["TimedOut(Read) 5 0"], "TimedOut(Read) 5 0"),
    case("write\n", &["TimedOut(Write) 6"], "TimedOut(Write) 6"),
    case("handshake\n", &["TimedOut(Handshake) 10 0"], "TimedOut(Handshake) 10 0"),
    Case { resets: true, ..case("wait\n", &["Disconnected 5 8"], "Disconnected 5 8") },
    early(65, "Panicked 0 0"),
    early(66, "Refused(VerifyRequest) 0 0"),
    early(67, "Dropped 0 0"),
    early(68, "Panicked 0 0"),
];

impl Case {
    /// A client, which hears all there is to hear; one that doesn't is given back.
    fn visit(&self, server: SocketAddr) -> Option<TcpStream> {
        let mut client = connect_from(self.from, server);
        let _ = client.sendall(self.says.as_bytes()); // it may be over
        match self.says {
            "write\n" => return Some(client),
            "read\n" => {} // a client that has finished isn't waited for
            _ if self.resets => {
                client.read_exact(&mut [0; 8]).unwrap();
                client.setsockopt(|it| it.set_linger(Some(Duration::ZERO))).unwrap();
                return None;
            }
            _ => drop(client.shutdown(Shutdown::Write)),
        }
        rest(client);
        None
    }

    /// Single requests that a child serves are told by nobody.
    fn expected(&self, is_forking: bool) -> Vec<String> {
        let requests = self.requests.iter().flat_map(|it| ["R+".to_owned(), format!("R- {it}")]);
        let mut expected = vec!["C+".to_owned()];
        expected.extend(requests.filter(|_| !is_forking));
        expected.push(format!("C- {}", self.connection));
        expected
    }
}

#[test]
fn each_way_to_end_is_told_once_and_all_add_up() {
    ALL.iter().for_each(|mixin| all_cases(mixin, &[]));
}

/// Not in the loop, not in threads, not in processes, not at the end.
#[test]
fn an_observer_that_panics_at_everything_changes_nothing() {
    ALL.iter().for_each(|mixin| all_cases(mixin, &["panics=yes"]));
    ALL.iter().for_each(|mixin| by_force(mixin, &["grace=0", "panics=yes"]));
}

/// Of worker processes too, one of which is killed and replaced.
#[test]
fn an_observer_that_panics_at_the_end_of_a_process_doesnt_hinder_the_next() {
    let mut told = Told::by("prefork", &["panics=yes", "workers=told"]);
    let first = told.after("W+ ");
    told.after("W+ ");
    kill_process(Pid::from_raw(first.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    assert_eq!(told.after("W- "), first);
    assert_ne!(told.after("W+ "), first);
    for _ in 0..2 {
        let client = connect(told.address);
        client.sendall(b"ok\nquit\n").unwrap();
        assert_eq!(rest(client), b"done\n");
    }
    told.end(false);
}

fn all_cases(mixin: &str, settings: &[&str]) {
    let mut told = Told::by(mixin, settings);
    for case in &CASES {
        let _reads_nothing = case.visit(told.address);
        let told = told.until("C- ");
        let expected = case.expected(mixin == "forking");
        let matches = |(told, expected): (&String, &String)| told.starts_with(expected.as_str());
        assert!(
            told.len() == expected.len() && told.iter().zip(&expected).all(matches),
            "{mixin}, {:?} from {}: {told:?}, not {expected:?}",
            case.says,
            case.from
        );
    }
    told.end(false);
}

#[test]
fn an_end_by_force_is_told_to_be_one() {
    ALL.iter().for_each(|mixin| by_force(mixin, &["grace=0"]));
}

fn by_force(mixin: &str, settings: &[&str]) {
    let mut told = Told::by(mixin, settings);
    let mut client = connect(told.address);
    client.sendall(b"wait\n").unwrap();
    client.read_exact(&mut [0; 8]).unwrap();
    if mixin == "forking" {
        told.wait_until_child_sleeps(); // what it sends it counts afterwards, unless it is killed before
    }
    told.terminate();
    if mixin != "prefork" {
        let ends = told.until("C- ");
        let expected = match mixin {
            "forking" => vec!["C+", "C- InChild(None)! 5 8"], // killed, before it could say
            _ => vec!["C+", "R+", "R- Completed! 5 8", "C- Completed! 5 8"],
        };
        assert_eq!(ends, expected, "{mixin}");
    }
    told.end(mixin == "prefork"); // whose processes have a quarter of a second to notice
}

#[test]
fn time_limits_are_told_by_name() {
    for mixin in ALL {
        // What the client says, and what is told of that. A limit each, so that it doesn't matter how quick anybody is.
        for (limit, says, ends) in [
            (
                "request_timeout=50",
                "wa",
                &["C+", "R+", "R- TimedOut(Request) 2 0", "C- TimedOut(Request) 2 0"][..],
            ),
            ("idle_timeout=50", "", &["C+", "C- TimedOut(Idle) 0 0"]),
        ] {
            let mut told = Told::by(mixin, &[limit]);
            let client = connect(told.address);
            client.sendall(says.as_bytes()).unwrap();
            rest(client);
            let is_told = |line: &&&str| mixin != "forking" || line.starts_with('C'); // no single requests
            let ends: Vec<_> = ends.iter().filter(is_told).copied().collect();
            assert_eq!(told.until("C- "), ends, "{mixin}");
            told.end(false);
        }
    }
}

#[test]
fn why_a_client_is_turned_away_is_told() {
    for mixin in ALL {
        for (setting, why) in [
            ("reject=0", "MaxConnections"),
            ("per_peer=0", "MaxConnectionsPerPeer"),
            ("wait=10", "WaitedTooLong"),
            ("wait=100000", "Draining"),
        ] {
            let mut told = Told::by(mixin, &[setting]);
            let client = connect(told.address);
            assert_eq!(told.until("C+"), ["C+"], "{mixin} {setting}");
            if why == "Draining" {
                told.terminate();
            }
            rest(client);
            assert_eq!(told.until("C- "), [format!("C- Refused({why}) 0 0")], "{mixin}");
            told.end(false);
        }
    }
    let mut told = Told::by("pool", &["queue=0"]);
    let mut busy = connect(told.address);
    busy.sendall(b"wait\n").unwrap();
    busy.read_exact(&mut [0; 8]).unwrap();
    rest(connect(told.address));
    assert_eq!(told.until("C- "), ["C+", "R+", "C+", "C- Refused(QueueFull) 0 0"]);
    drop(busy);
    told.until("C- ");
    told.end(false);
}

/// By the reserved descriptor.
#[test]
fn who_comes_when_there_is_no_descriptor_is_told_of_once_too() {
    for mixin in ["threading", "reactor"] {
        let told = Told::by(mixin, &["reserve=yes"]);
        limit_descriptors(told.pid(), 40).unwrap();
        let visit = || {
            let client = connect(told.address);
            let _ = client.sendall(b"wait\n"); // it may be over
            client.recv(&mut [0; 8]).is_ok_and(|n| n > 0).then_some(client)
        };
        let inside: Vec<_> = std::iter::from_fn(visit).collect();
        assert!(!inside.is_empty(), "{mixin}");
        drop(inside);
        let reasons = told.end(false);
        let lacked = REASONS.iter().position(|it| *it == "Refused(NoDescriptor)").expect("it is one");
        assert!(reasons[lacked] > 0, "{mixin}: {reasons:?}");
    }
}

#[test]
fn datagrams_are_requests_without_connection() {
    for mixin in &ALL[..5] {
        let mut told = Told::by(mixin, &["transport=udp"]);
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        for (says, end) in [("ok", "Completed 2 4"), ("fail", "Failed 4 0"), ("panic", "Panicked 5 0")] {
            client.sendto(says.as_bytes(), told.address).unwrap();
            assert_eq!(told.until("R- "), ["R+".to_owned(), format!("R- {end}")], "{mixin}");
        }
        told.end(false);
    }
}
