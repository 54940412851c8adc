//! A guard against getting slower: system calls per request, which a busy machine doesn't change, as strace counts them. They may not
//! become more than they are by hand, or than they were.
#![forbid(unsafe_code)]

use socketserver_bench::{
    peers::compiler,
    tools::{Syscalls, find},
    work::Work,
};
use std::env;

/// What may come on top of a whole number of calls: what happens now and then, by time.
const SLACK: f64 = 0.1;

/// Counts, if strace is there. With SOCKETSERVER_REQUIRE_TOOLS it must be.
fn count(server: &str, work: Work) -> Option<Syscalls> {
    if find("strace").is_none() {
        let is_required = env::var_os("SOCKETSERVER_REQUIRE_TOOLS").is_some_and(|value| !value.is_empty());
        assert!(!is_required, "strace is not installed, and SOCKETSERVER_REQUIRE_TOOLS is set");
        eprintln!("skipped: strace is not installed");
        return None;
    }
    let program = env!("CARGO_BIN_EXE_socketserver-bench").as_ref();
    Some(Syscalls::count_of(program, server, work).expect("it serves under strace"))
}

#[track_caller]
fn at_most(counted: &Syscalls, limits: &[(&str, f64)]) {
    for (call, count) in &counted.0 {
        if cfg!(debug_assertions) && call == "fcntl" {
            continue; // std checks each descriptor that it closes
        }
        let limit = limits.iter().find(|(name, _)| name == call).map_or(0.0, |it| it.1);
        assert!(
            *count <= limit + SLACK,
            "{count:.2} calls of {call} per request, {limit} allowed: {counted:?}"
        );
    }
}

#[test]
fn a_request_on_the_reactor_costs_what_it_does_by_hand() {
    let Some(ours) = count("reactor", Work::Echo) else { return };
    at_most(&ours, &[("epoll_wait", 1.0), ("epoll_pwait", 1.0), ("recvfrom", 1.0), ("sendto", 1.0)]);
    let by_hand = count("epoll", Work::Echo).expect("strace is there");
    assert!(ours.total() <= by_hand.total() + SLACK, "{ours:?}, by hand {by_hand:?}");
}

#[test]
fn a_request_on_a_thread_costs_a_read_and_a_write() {
    let Some(ours) = count("threading", Work::Echo) else { return };
    at_most(&ours, &[("recvfrom", 1.0), ("sendto", 1.0)]);
}

/// What the connection itself takes. How often the two threads, the one that accepts and the one that serves, wake each other up isn't
/// ours to say, so it has its own limit below.
#[test]
fn a_connection_on_a_thread_creates_none() {
    let Some(mut ours) = count("threading", Work::Once) else { return };
    let meeting = ["futex", "sched_yield"].map(|call| ours.0.remove(call).unwrap_or_default());
    assert!(meeting[0] <= 8.0, "{meeting:?}");
    // The second accept4 finds out that there is nobody else; the second recvfrom that there is no input left, which would turn the end
    // of the connection into a reset, and lose the reply.
    at_most(
        &ours,
        &[
            ("accept4", 2.0),
            ("ppoll", 1.0),
            ("recvfrom", 2.0),
            ("sendto", 1.0),
            ("shutdown", 1.0),
            ("close", 1.0),
        ],
    );
}

/// How often a second thread is woken, since the next client is there before the first has looked, isn't ours to say: each who is woken looks.
#[test]
fn a_connection_on_the_pool_is_handed_to_nobody() {
    let Some(mut ours) = count("thread-pool", Work::Once) else { return };
    let mut take = |call: &str| ours.0.remove(call).unwrap_or_default();
    let (waits, looks) = (take("epoll_wait") + take("epoll_pwait"), take("accept4"));
    assert!(waits < 1.5 && looks <= 1.0 + waits + SLACK, "{waits} waits, {looks} looks");
    at_most(&ours, &[("recvfrom", 2.0), ("sendto", 1.0), ("shutdown", 1.0), ("close", 1.0)]);
}

/// One at a time, so that there is nothing to be moved in batches: a wait, an attempt that finds nothing more, and what must be.
#[test]
fn a_datagram_costs_a_read_and_a_write_and_finding_out_that_there_is_no_more() {
    let Some(ours) = count("sequential", Work::Datagrams) else { return };
    at_most(
        &ours,
        &[("ppoll", 1.0), ("recvfrom", 2.0), ("sendto", 1.0), ("recvmmsg", 2.0), ("sendmmsg", 1.0)],
    );
    assert!(ours.total() <= 4.0 + SLACK, "{ours:?}");
    if compiler().is_ok() {
        let by_hand = count("c-udp", Work::Datagrams).expect("strace is there");
        assert!((by_hand.total() - 2.0).abs() <= SLACK, "{by_hand:?}");
    }
}
