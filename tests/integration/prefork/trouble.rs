//! When the system has no processes to give, when all goes wrong at once, and what stays behind.

use super::house::{signal, start, start_under, who};
use crate::util::{tool, wait_for};
use reliability::Injection;
use rustix::process::Signal;
use std::{collections::BTreeSet, thread};

/// `-f strace`, in which the main thread's calls of clone(2), by which it forks, fail as `when` says.
fn without_processes(when: &str) -> Option<Injection> {
    tool("strace")?;
    Some(Injection::of(&[&format!("clone:error=EAGAIN:when={when}")]))
}

#[test]
fn a_fork_that_fails_is_tried_again_and_the_others_serve() {
    // Never again, so that nobody else may serve, however late a client comes.
    let Some(strace) = without_processes("2+") else { return };
    let server = start_under(&strace, 2, &[]);
    let only = server.started();
    for wait in ["100", "200"] {
        assert_eq!(server.after("not-started "), wait);
        assert_eq!(server.who(), only);
    }
    server.terminate();
    assert!(server.end().0.success());

    let Some(strace) = without_processes("2..3") else { return };
    let server = start_under(&strace, 2, &[]);
    server.started();
    assert_eq!(server.after("not-started "), "100");
    assert_eq!(server.after("not-started "), "200");
    server.started();
    server.terminate();
    assert!(server.end().0.success());
}

#[test]
fn a_server_without_any_process_says_why() {
    let Some(strace) = without_processes("1+") else { return };
    let server = start_under(&strace, 2, &[]);
    let (status, _) = server.end();
    assert_eq!(status.code(), Some(1), "main has returned an error");
}

/// Processes are killed while clients come. Whatever they were doing then has failed, and has been counted.
#[test]
fn counts_are_exact_whatever_happens_to_the_processes() {
    let server = start(3, &[]);
    let address = server.address;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(move || {
                    for _ in 0..100 {
                        let mut client = super::house::Client::connect(address);
                        client.try_say("pid");
                        client.hear();
                    }
                })
            })
            .collect();
        for _ in 0..5 {
            let victim = *server.children().first().unwrap();
            signal(victim, Signal::KILL);
            wait_for("it to be replaced", || {
                let children = server.children();
                children.len() == 3 && !children.contains(&victim)
            });
        }
        clients.into_iter().for_each(|client| client.join().unwrap());
    });
    wait_for("a process that answers", || who(address) > 0);
    // Accepted is what has ended: `close` checks it.
    assert!(server.close() >= 300);
}

/// The most there were at once, wherever they were: not the sum of what each process had at its time.
#[test]
fn the_peak_is_of_all_processes_together_and_of_those_that_were_killed() {
    let mut server = start(2, &["control=yes", "inner=threading"]);
    let mut served = BTreeSet::new();
    wait_for("both to have served one at a time", || {
        served.insert(server.who());
        server.wait_for_active(0);
        served.len() == 2
    });
    assert_eq!(server.peak(), 1);
    let mut held: Vec<_> = (0..2)
        .map(|_| {
            let mut client = server.connect();
            (client.ask("hold").parse().expect("a process id"), client)
        })
        .collect();
    assert_eq!(server.peak(), 2);
    let victim: u32 = held[0].0;
    signal(victim, Signal::KILL);
    assert_eq!(server.ended().pid, victim);
    held.retain(|(pid, _)| *pid != victim);
    server.wait_for_active(held.len());
    for _ in held.len()..3 {
        let mut client = server.connect();
        held.push((client.ask("hold").parse().expect("a process id"), client));
    }
    assert_eq!(server.peak(), 3);
}

/// A limit holds in each process. One that has reached it may be woken for a client all the same, and must leave it to another.
#[test]
fn clients_find_the_process_that_has_room() {
    for inner in ["inner=pool", "inner=threading", "inner=reactor"] {
        let server = start(3, &["limit=1", inner]);
        for _ in 0..20 {
            let held: Vec<_> = (0..3)
                .map(|_| {
                    let mut client = server.connect();
                    (client.ask("hold"), client)
                })
                .collect();
            let pids: BTreeSet<_> = held.iter().map(|(pid, _)| pid.parse().unwrap()).collect();
            assert_eq!(pids, server.children(), "{inner}");
            held.into_iter().for_each(|(_, client)| client.leave());
        }
        server.close();
    }
}

/// Each process has the same few descriptors, none of which leads to another, and the parent keeps nothing of those that ended.
#[test]
fn descriptors_are_closed() {
    let mut server = start(3, &["control=yes"]);
    let of_each = |server: &mut super::house::Prefork| -> Vec<String> {
        let mut held = server.hold_each(3);
        server.wait_for_active(3);
        held.iter_mut().for_each(|(_, client)| client.say("go"));
        held.iter_mut().map(|(_, client)| client.ask("descriptors")).collect()
    };
    let ask_parent = |server: &mut super::house::Prefork| {
        server.subject.tell("descriptors");
        server.after("descriptors ")
    };
    // The connections and a queue to wait in come and go.
    let parent = ask_parent(&mut server);
    let most = of_each(&mut server).iter().map(|count| count.parse::<usize>().unwrap()).max().unwrap();
    for _ in 0..5 {
        server.subject.tell("restart");
        (0..3).for_each(|_| drop(server.ended()));
    }
    assert_eq!(ask_parent(&mut server), parent);
    let later = of_each(&mut server).iter().map(|count| count.parse::<usize>().unwrap()).max().unwrap();
    assert!(later <= most + 4, "{most}, later {later}");
    server.subject.close_input();
    server.close();
}

#[test]
fn a_program_with_threads_is_warned_once() {
    let mut server = start_under(&[], 2, &["control=yes"]);
    assert_eq!(server.after("warning "), "2 threads");
    server.started();
    server.started();
    server.subject.close_input();
    assert_eq!(server.close(), 0);
    let server = start_under(&[], 2, &[]);
    let first = server.subject.line();
    assert!(first.starts_with("started "), "{first}");
    server.close();
}

/// Nothing is lost that was printed without a newline, and nothing is printed by each process.
#[test]
fn what_is_printed_is_printed_once() {
    let server = start(2, &[]);
    let mut client = server.connect();
    client.say("print");
    client.who(); // by now it has printed
    server.terminate();
    let (status, lines) = server.subject.end();
    assert!(status.success());
    let printed: usize = lines.iter().map(|line| line.matches("printed without a newline").count()).sum();
    assert_eq!(printed, 1, "{lines:?}");
}

/// Of a program beside the server, which waits for it itself.
#[test]
fn children_of_others_are_left_alone() {
    let server = start(1, &["strangers=yes"]);
    let first = server.who();
    signal(first, Signal::KILL);
    assert_eq!(server.ended().pid, first, "it is reaped, and the other one is not");
    assert_ne!(server.who(), first);
    server.terminate();
    assert_eq!(server.after("stranger "), "Some(7)");
    assert!(server.end().0.success());
}
