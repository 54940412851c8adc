//! System calls and allocations, counted from outside.

use super::{client, reply};
use crate::util::tool;
use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Command, Stdio},
};

/// As many as fit in a socket's buffer as it is by default.
const EACH: usize = 100;
const ROUNDS: usize = 6;

/// Runs the helper `by` a tracer, or not. Datagrams are queued while it doesn't serve, so that they come in batches. Gives how
/// often it allocated memory in each round.
fn run(by: &[OsString], how: &str) -> Vec<usize> {
    let path = OsString::from(env!("CARGO_BIN_EXE_datagrams"));
    let words: Vec<_> = by.iter().chain([&path]).collect();
    let mut program = Command::new(words[0]);
    program.args(&words[1..]).args([&EACH.to_string(), how]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut program = program.spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address: SocketAddr = lines.next().unwrap().parse().unwrap();
    let client = client();
    let allocations = (0..ROUNDS).map(|_| {
        for _ in 0..EACH {
            client.sendto(b"hello", address).unwrap();
        }
        program.stdin.as_ref().unwrap().write_all(b"\n").unwrap();
        for _ in 0..EACH {
            assert_eq!(reply(&client), "HELLO");
        }
        lines.next().unwrap().parse().unwrap()
    });
    let allocations = allocations.collect();
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success());
    allocations
}

/// Runs the helper by strace, with these options; gives how many system calls of sockets and of waiting there were, as `(name,
/// how many)`.
fn calls(options: &str, how: &str) -> Option<impl Fn(&str) -> usize + use<>> {
    let strace = tool("strace")?;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut by = vec![strace.into_os_string(), "-f".into(), "-o".into(), log.clone().into_os_string()];
    by.extend(options.split_whitespace().map(OsString::from));
    run(&by, how);
    let text = fs::read_to_string(log).unwrap();
    Some(move |name: &str| {
        let is_it = |line: &&str| line.split(' ').any(|word| word.starts_with(&format!("{name}(")));
        text.lines().filter(is_it).count()
    })
}

#[test]
fn nothing_is_allocated_for_a_datagram() {
    for how in ["", "gather"] {
        let allocations = run(&[], how);
        assert_eq!(allocations[1..], [0; ROUNDS - 1], "the first round makes the buffers");
    }
}

/// All that can be done with a socket, or to wait for it.
#[cfg(target_os = "linux")]
const ALL: &str = "-e trace=%network,poll,ppoll,epoll_wait";
#[cfg(target_os = "linux")]
const WAYS_TO_WAIT_AND_RECEIVE: [&str; 6] =
    ["recvmmsg", "recvfrom", "recvmsg", "poll", "ppoll", "epoll_wait"];

#[test]
#[cfg(target_os = "linux")]
fn under_load_a_datagram_takes_little_more_than_the_system_call_of_its_reply() {
    let Some(calls) = calls(ALL, "") else { return };
    let replies = calls("sendto");
    assert_eq!(replies, EACH * ROUNDS);
    let others: usize = WAYS_TO_WAIT_AND_RECEIVE.into_iter().map(calls).sum();
    assert!(others * 5 < replies, "{others} further system calls for {replies} datagrams");
}

#[test]
#[cfg(target_os = "linux")]
fn under_load_gathered_replies_take_a_fraction_of_a_system_call_each() {
    let Some(calls) = calls(ALL, "gather") else { return };
    let all: usize = WAYS_TO_WAIT_AND_RECEIVE.into_iter().chain(["sendto", "sendmmsg"]).map(calls).sum();
    assert!(all * 2 < EACH * ROUNDS, "{all} system calls for {} datagrams", EACH * ROUNDS);
}

#[test]
#[cfg(target_os = "linux")]
fn where_the_system_calls_are_forbidden_datagrams_come_and_go_one_by_one() {
    for error in ["ENOSYS", "EPERM"] {
        let trace = "-e trace=%network -e inject=";
        let Some(receives) = calls(&format!("{trace}recvmmsg:error={error}"), "gather") else { return };
        assert_eq!((receives("recvmmsg"), receives("sendto")), (1, EACH * ROUNDS));
        let Some(sends) = calls(&format!("{trace}sendmmsg:error={error}"), "gather") else { return };
        assert!(sends("sendmmsg") > 0);
        assert_eq!(sends("sendto"), EACH * ROUNDS);
    }
}
