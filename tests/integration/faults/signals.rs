//! Processes that are stopped, continued and killed: clients, children, the server.

use super::{complete, is_concurrent};
use crate::util::wait_for;
use reliability::{Client, GUARD, MIXINS, Usage, children_of, is_stopped, is_zombie};
use rustix::process::Signal;
use std::{
    io::Read,
    process::{Child, Command, Stdio},
};

fn signal(pid: u32, which: Signal) {
    reliability::signal(pid, which).unwrap();
}

pub(super) fn stop(pid: u32) {
    signal(pid, Signal::STOP);
    wait_for("it to stop", || is_stopped(pid));
}

/// A client in a process of its own, which asks for replies without end.
struct Asker(Child);

impl Asker {
    fn start(address: std::net::SocketAddr) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faults"));
        Asker(command.args(["ask", &address.to_string()]).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// It says when it has got another.
    fn gets_more(&mut self) {
        self.0.stdout.as_mut().unwrap().read_exact(&mut [0; 100]).unwrap();
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_client_that_is_stopped_holds_up_nobody_and_goes_on_later() {
    for mixin in MIXINS.into_iter().filter(|it| is_concurrent(it)) {
        let server = complete(mixin);
        let mut asker = Asker::start(server.address);
        asker.gets_more();
        stop(asker.0.id());
        let usage = Usage::of(server.pid);
        for _ in 0..50 {
            assert!(Client::connect(server.address).echoes("hello"), "{mixin}");
        }
        println!("{mixin}: {:.3} of a CPU with a client that is stopped", usage.share());
        signal(asker.0.id(), Signal::CONT);
        (0..10).for_each(|_| asker.gets_more());
        drop(asker);
        let counts = server.stop();
        assert_eq!(counts.accepted, 51, "{mixin}: {counts:?}");
    }
}

#[test]
fn a_server_that_was_stopped_serves_all_who_came_meanwhile() {
    for mixin in MIXINS {
        let server = complete(mixin);
        let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
        assert!(in_flight.as_mut().is_none_or(|client| client.echoes("hello")), "{mixin}");
        let all: Vec<_> = [server.pid].into_iter().chain(server.children()).collect();
        all.iter().for_each(|pid| stop(*pid));
        let mut late: Vec<_> = (0..20).map(|_| Client::connect(server.address)).collect();
        late.iter_mut().chain(&mut in_flight).for_each(|client| client.say("late").unwrap());
        all.iter().for_each(|pid| signal(*pid, Signal::CONT));
        for mut client in late.into_iter().chain(in_flight) {
            assert_eq!(client.hear().unwrap().as_deref(), Some("late"), "{mixin}");
        }
        server.stop();
    }
}

#[test]
fn a_child_that_is_stopped_holds_up_only_its_own_clients() {
    for mixin in ["forking", "prefork"] {
        let server = complete(mixin);
        let mut held = Client::connect(server.address);
        let child: u32 = held.ask("pid").parse().unwrap();
        stop(child);
        held.say("late").unwrap();
        for _ in 0..20 {
            assert_ne!(Client::connect(server.address).ask("pid"), child.to_string(), "{mixin}");
        }
        signal(child, Signal::CONT);
        assert_eq!(held.hear().unwrap().as_deref(), Some("late"), "{mixin}");
        drop(held);
        server.stop();
    }
}

#[test]
fn a_child_that_is_killed_takes_only_its_own_clients_along() {
    for mixin in ["forking", "prefork"] {
        let server = complete(mixin);
        let mut held: Vec<_> = (0..6).map(|_| Client::connect(server.address)).collect();
        let pids: Vec<u32> = held.iter_mut().map(|client| client.ask("pid").parse().unwrap()).collect();
        signal(pids[0], Signal::KILL);
        for (client, pid) in held.iter_mut().zip(&pids) {
            assert_eq!(client.echoes("still there"), *pid != pids[0], "{mixin}");
        }
        assert!(Client::connect(server.address).echoes("new"), "{mixin}");
        let killed = pids.iter().filter(|pid| **pid == pids[0]).count() as u64;
        drop(held);
        wait_for("all to end", || server.counts().active == 0);
        assert!(!is_zombie(pids[0]), "{mixin}");
        if mixin == "forking" {
            assert_eq!(server.logged(&format!("child process {}, which served 127.0.0.1:", pids[0])), 1);
        }
        if mixin == "prefork" {
            wait_for("it to be replaced", || children_of(server.pid).len() == 2);
            assert_eq!(server.logged(&format!("worker process {} was ended by a signal", pids[0])), 1);
        }
        let counts = server.stop();
        assert_eq!((counts.accepted, counts.failed), (7, killed), "{mixin}: {counts:?}");
    }
}

/// Its clients see the end of their connections, and a new server could be started at once. A child that was forked for one request serves
/// that to its end, as in Python.
#[test]
fn a_server_that_is_killed_leaves_nobody_behind() {
    for mixin in MIXINS {
        let server = complete(mixin);
        let mut client = Client::connect(server.address);
        assert!(client.echoes("hello"), "{mixin}");
        let children = server.children();
        signal(server.pid, Signal::KILL);
        if mixin == "forking" {
            assert!(client.echoes("still there"));
        } else {
            match client.hear() {
                Ok(None) => {}
                Err(error) => assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{mixin}: {GUARD:?}"),
                Ok(Some(line)) => panic!("{mixin}: {line}"),
            }
        }
        drop(client);
        for child in children {
            let is_there = || std::path::Path::new(&format!("/proc/{child}")).exists() && !is_zombie(child);
            wait_for("the child to end", || !is_there());
        }
        wait_for("nobody to listen", || Client::try_connect(server.address).is_err());
    }
}
