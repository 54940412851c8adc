//! What the parent knows of connections in its processes, and what it tells these while they serve.

use super::house::{Client, Prefork, signal, start, stop};
use crate::util::wait_for;
use rustix::process::Signal;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// A line of the list.
#[derive(Debug, PartialEq)]
pub(super) struct Listed {
    pub(super) id: u64,
    activity: String,
    pid: u32,
    /// In and out.
    bytes: (usize, usize),
}

impl Prefork {
    /// Does what is asked of the parent's handle; gives what it printed.
    pub(super) fn steer(&mut self, line: &str) -> Vec<String> {
        self.subject.tell(line);
        let done = format!("done {}", line.split(' ').next().unwrap());
        let lines = std::iter::from_fn(|| Some(self.subject.line()).filter(|it| *it != done));
        lines.filter(|it| !it.starts_with("started ") && !it.starts_with("ended ")).collect()
    }

    /// The list, by peer.
    pub(super) fn list(&mut self) -> BTreeMap<String, Listed> {
        let lines = self.steer("connections");
        let read = |line: &String| {
            let [_, id, peer, activity, pid, bytes_in, bytes_out] = line.split(' ').collect::<Vec<_>>()[..]
            else {
                panic!("{line}")
            };
            let pid = pid.trim_start_matches("Some(").trim_end_matches(')').parse().expect(line);
            let bytes = (bytes_in.parse().unwrap(), bytes_out.parse().unwrap());
            (peer.to_owned(), Listed { id: id.parse().unwrap(), activity: activity.into(), pid, bytes })
        };
        lines.iter().map(read).collect()
    }

    /// The list, as soon as these clients are on it, and nobody else. A process that is late to answer is left out, so that a list may be too short.
    pub(super) fn list_of<'a>(
        &mut self,
        clients: impl IntoIterator<Item = &'a Client>,
    ) -> BTreeMap<String, Listed> {
        let expected: BTreeSet<_> = clients.into_iter().map(Client::address).collect();
        let mut list = BTreeMap::new();
        wait_for("a list of these clients", || {
            list = self.list();
            list.keys().eq(&expected)
        });
        list
    }
}

/// So long answers of processes are waited for.
const PATIENCE: Duration = Duration::from_secs(1);

#[test]
fn a_parent_lists_the_connections_of_all_processes_and_ends_one() {
    for inner in ["pool", "one", "sequential", "threading", "forking", "reactor"] {
        let mut server = start(3, &["control=yes", &format!("inner={inner}")]);
        let mut held = server.hold_each(3);
        let list = server.list_of(held.iter().map(|(_, client)| client));
        for (pid, client) in &held {
            let found = &list[&client.address()];
            assert_eq!((found.pid, &*found.activity), (*pid, "InRequest"), "{inner}");
        }
        // Each has said "hold", and been told a number. A client hears what was sent before that is counted.
        wait_for("all bytes to be counted", || {
            let list = server.list();
            list.len() == 3 && list.values().all(|it| it.bytes == (5, it.pid.to_string().len() + 1))
        });
        let ids: BTreeSet<_> = list.values().map(|it| it.id).collect();
        assert_eq!(ids.len(), 3, "{inner}");

        let (_, mut goes) = held.remove(1);
        let close = format!("close {}", list[&goes.address()].id);
        let asked = Instant::now();
        assert!(server.steer(&close) == ["true"] || asked.elapsed() >= PATIENCE, "{inner}");
        assert_eq!(goes.hear(), "", "{inner}");
        server.list_of(held.iter().map(|(_, client)| client));
        assert_eq!(server.steer(&close), ["false"], "{inner}");
        for (_, mut client) in held {
            assert_eq!(client.ask("draining"), "false", "{inner}");
            client.leave();
        }
        wait_for("all to be gone", || server.list().is_empty());
        server.subject.close_input();
        server.close();
    }
}

/// The one that can't answer is left out; it still hears everything when it goes on, however often it was asked meanwhile.
#[test]
fn a_process_that_is_stopped_holds_up_nobody() {
    let mut server = start(2, &["control=yes"]);
    let mut held = server.hold_each(2);
    let list = server.list_of(held.iter().map(|(_, client)| client));
    let (stopped, id) = (held[0].0, list[&held[0].1.address()].id);
    stop(stopped);
    for _ in 0..12 {
        server.list_of([&held[1].1]);
    }
    for n in 0..1000 {
        server.steer(&format!("backlog {}", 1000 - n));
    }
    assert_eq!(server.steer(&format!("close {id}")), ["false"], "nobody says that it is");
    signal(stopped, Signal::CONT);
    wait_for("it to answer", || server.list().len() == 2);
    assert_eq!(held[0].1.ask("draining"), "false");
    held.into_iter().for_each(|(_, client)| client.leave());
    server.subject.close_input();
    server.close();
}

#[test]
fn a_process_that_dies_takes_its_connections_from_the_list() {
    let mut server = start(2, &["control=yes"]);
    for _ in 0..10 {
        let mut held = server.hold_each(2);
        let (victim, _) = held.remove(0);
        signal(victim, Signal::KILL); // and at once:
        let asked = Instant::now();
        let listed = server.list();
        let is_there = listed.contains_key(&held[0].1.address());
        assert!(is_there || asked.elapsed() >= PATIENCE, "{listed:?}");
        wait_for("the dead one to be forgotten", || server.list().keys().eq([&held[0].1.address()]));
        held.into_iter().for_each(|(_, client)| client.leave());
        wait_for("all to be gone", || server.list().is_empty());
    }
    server.subject.close_input();
    server.close();
}

#[test]
fn limits_reach_running_processes_and_those_forked_later() {
    for inner in ["inner=pool", "inner=threading", "inner=reactor", "inner=forking"] {
        let mut server = start(1, &["control=yes", "limit=1", inner]);
        let (_, first) = server.hold_each(1).remove(0);
        let mut second = server.connect();
        second.say("hold");
        server.steer("backlog 2");
        assert!(!second.hear().is_empty(), "{inner}: there is room now");
        server.steer("reject 2");
        wait_for("the next to be turned away", || server.connect().hear().is_empty());

        server.steer("backlog 1000");
        server.steer("peers 1");
        server.list_of([&first, &second]); // who answers has heard that
        [first, second].into_iter().for_each(Client::leave);
        server.wait_for_active(0);
        for round in 0..2 {
            let (_, only) = server.hold_each(1).remove(0);
            assert_eq!(server.connect().hear(), "", "{inner}, {round}: it has one");
            only.leave();
            server.wait_for_active(0);
            server.subject.tell("restart");
            server.ended();
        }
        server.steer("peers none");
        server.hold_each(1).remove(0).1.leave();
        server.subject.close_input();
        server.close();
    }
}

/// One that serves, and those that are forked later.
#[test]
fn a_pool_in_the_processes_hears_how_long_its_queue_may_be() {
    let mut server = start(1, &["control=yes", "inner=one"]);
    let (_, inside) = server.hold_each(1).remove(0);
    let mut waits = server.connect();
    server.subject.tell("queue 0");
    assert_eq!(waits.hear(), "", "it waited in the backlog, and may not be queued");
    assert_eq!(server.connect().hear(), "");
    inside.leave();
    server.subject.tell("restart");
    server.ended();
    let (_, inside) = server.hold_each(1).remove(0);
    assert_eq!(server.connect().hear(), "", "nor by the next");
    inside.leave();
    server.subject.close_input();
    server.close();
}

/// In the process that has accepted them, by whatever it runs requests.
#[test]
fn clients_wait_for_room_in_a_process() {
    for inner in ["inner=pool", "inner=threading", "inner=reactor", "inner=forking"] {
        let mut server = start(1, &["control=yes", inner]);
        server.steer("wait 3600000");
        let (_, mut inside) = server.hold_each(1).remove(0);
        let mut waiting: Vec<_> = (0..2)
            .map(|before| {
                let mut client = server.connect();
                client.say("hold");
                // One after another, so that their order is known.
                wait_for("it to be taken in", || server.list().len() == 2 + before);
                client
            })
            .collect();
        for mut client in waiting.drain(..) {
            assert_eq!(inside.ask("draining"), "false");
            inside.leave();
            assert!(!client.hear().is_empty(), "{inner}: who came first goes in first");
            inside = client;
        }
        server.steer("wait 50");
        server.list_of([&inside]); // who answers has heard that
        assert_eq!(server.connect().hear(), "", "{inner}: the time is up");
        inside.leave();
        server.subject.close_input();
        server.close();
    }
}
