//! Every kind of handler, on every transport, by every mix-in. What doesn't fit doesn't compile: see `misuse`.

use crate::{subject, upper_clients::converse};
use rustix::process::{Pid, Signal, kill_process};
use socketserver::Address;
use std::thread;

const STREAMS: [&str; 2] = ["tcp", "unix"];
const DATAGRAMS: [&str; 2] = ["udp", "unixgram"];

/// A server each, which nine clients ask three times each: three in turn, then six at once.
fn all_of(mixin: &str, kinds: &[(&str, &[&str])]) {
    for (kind, transports) in kinds {
        for transport in *transports {
            one(mixin, kind, transport);
        }
    }
}

fn one(mixin: &str, kind: &str, transport: &str) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("server");
    let server = subject::start(&["matrix", mixin, kind, transport, &place.path().display().to_string()]);
    let serving = server.after("serving ");
    let address = serving.parse().map_or_else(|_| Address::Unix(path.clone().into()), Address::Inet);
    for client in ["1", "2", "3"] {
        converse(transport, &address, place.path(), client);
    }
    thread::scope(|clients| {
        for client in ["a", "b", "c", "d", "e", "f"] {
            let (address, place) = (&address, place.path());
            clients.spawn(move || converse(transport, address, place, client));
        }
    });
    kill_process(Pid::from_raw(server.pid().cast_signed()).unwrap(), Signal::TERM).unwrap();
    let (status, lines) = server.end();
    assert!(status.success(), "{mixin} {kind} {transport}: {status}");
    let requests = if STREAMS.contains(&transport) { 9 } else { 27 };
    let counts = format!("accepted {requests} completed {requests} active 0 fileno -1");
    assert_eq!(lines.last(), Some(&counts), "{mixin} {kind} {transport}: {lines:?}");
    assert!(!path.exists(), "{mixin} {kind} {transport} has left its socket file");
}

const ALL: [(&str, &[&str]); 8] = [
    ("base", &STREAMS),
    ("base", &DATAGRAMS),
    ("stream", &STREAMS),
    ("keep-alive", &STREAMS),
    ("datagram", &DATAGRAMS),
    ("stream-closure", &STREAMS),
    ("keep-alive-closure", &STREAMS),
    ("datagram-closure", &DATAGRAMS),
];

#[test]
fn sequential_runs_every_kind_of_handler_on_every_transport() {
    all_of("sequential", &ALL);
}

#[test]
fn threading_runs_every_kind_of_handler_on_every_transport() {
    all_of("threading", &ALL);
}

#[test]
fn a_thread_pool_runs_every_kind_of_handler_on_every_transport() {
    all_of("pool", &ALL);
}

#[test]
fn forking_runs_every_kind_of_handler_on_every_transport() {
    all_of("forking", &ALL);
}

#[test]
fn prefork_runs_every_kind_of_handler_on_every_transport() {
    all_of("prefork", &ALL);
}

#[test]
fn a_reactor_runs_keep_alive_handlers_on_streams() {
    all_of("reactor", &[("keep-alive", &STREAMS), ("keep-alive-closure", &STREAMS)]);
}
