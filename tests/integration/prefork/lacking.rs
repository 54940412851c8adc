//! When the system lacks memory or descriptors for what a parent and its processes say to each other.

use super::house::{Prefork, start};
use crate::util::{tool, wait_for};
use reliability::Tracer;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// In the whole time in which it finishes what is in progress it can't wait by poll(2).
#[test]
fn a_process_that_lacks_the_memory_to_wait_finishes_its_requests() {
    if tool("strace").is_none() {
        return;
    }
    let server = start(1, &[]);
    let (_, client) = server.hold_each(1).remove(0);
    let children: Vec<_> = server.children().into_iter().collect();
    let tracer = Tracer::attach_to(&children, &["ppoll:error=ENOMEM:when=1+"]);
    server.terminate();
    client.drain();
    let ended = server.ended();
    assert_eq!((&*ended.status, ended.expected), ("0", true));
    let (status, counts) = server.end();
    assert!(status.success() && counts.contains(" failed 0 "), "{counts}");
    drop(tracer);
}

/// The first message that a thread of the parent sends is lost, or all are.
const LOST: [&str; 2] = ["sendmsg:error=ENOBUFS:when=1", "sendmsg:error=ENOBUFS:when=1+"];

/// What is asked for meanwhile is a list, so that it is seen that messages get lost. What the parent wants of its processes is none.
fn without_messages(server: &mut Prefork, lost: &str) -> Tracer {
    let tracer = Tracer::attach_to(&[server.pid], &[lost]);
    server.list();
    tracer
}

#[test]
fn processes_hear_that_they_are_to_stop_though_no_message_can_be_sent() {
    for lost in LOST {
        if tool("strace").is_none() {
            return;
        }
        let mut server = start(2, &["control=yes"]);
        let held = server.hold_each(2);
        let children = server.children();
        let tracer = without_messages(&mut server, lost);
        server.terminate();
        held.into_iter().for_each(|(_, client)| client.drain());
        server.subject.close_input();
        assert!(server.finish(children) >= 2, "{lost}");
        drop(tracer);
    }
}

#[test]
fn processes_hear_of_limits_and_pauses_though_no_message_can_be_sent() {
    for lost in LOST {
        if tool("strace").is_none() {
            return;
        }
        let mut server = start(1, &["control=yes", "limit=1"]);
        let (_, first) = server.hold_each(1).remove(0);
        let mut second = server.connect();
        second.say("hold");
        let tracer = without_messages(&mut server, lost);
        server.steer("backlog 2");
        assert!(!second.hear().is_empty(), "{lost}: there is room now");

        server.steer("suspend");
        server.steer("backlog 3"); // there is room for the third, if only it were served
        let mut third = server.connect();
        third.say("hold");
        server.steer("resume");
        assert!(!third.hear().is_empty(), "{lost}: it serves again");
        drop(tracer);
        server.subject.close_input();
        [first, second, third].into_iter().for_each(|client| client.leave());
        server.close();
    }
}

#[test]
fn what_could_not_be_asked_is_asked_again() {
    if tool("strace").is_none() {
        return;
    }
    let mut server = start(1, &["control=yes"]);
    let (_, client) = server.hold_each(1).remove(0);
    let tracer = without_messages(&mut server, LOST[1]);
    wait_for("the tracer to interfere", || server.list().is_empty());
    for _ in 0..12 {
        assert!(server.list().is_empty(), "nobody was asked");
    }
    drop(tracer);
    wait_for("it to be asked", || server.list().contains_key(&client.address()));
    client.leave();
    server.subject.close_input();
    server.close();
}

/// It can't be given the descriptor on which it is to answer, but it hears what it is told, and answers when it has some again.
#[test]
fn a_process_without_descriptors_is_not_deaf() {
    let mut server = start(1, &["control=yes"]);
    let (pid, mut goes) = server.hold_each(1).remove(0);
    let stays = server.connect();
    let id = server.list_of([&goes, &stays])[&goes.address()].id;
    let limit_descriptors = |number: u64| {
        let limit = Rlimit { current: Some(number), maximum: Some(1024) };
        prlimit(Pid::from_raw(pid as i32), Resource::Nofile, limit).unwrap();
    };
    limit_descriptors(0);
    for _ in 0..12 {
        assert!(server.list().is_empty(), "it can't answer");
    }
    assert_eq!(server.steer(&format!("close {id}")), ["false"], "nobody says that it is");
    assert_eq!(goes.hear(), "");
    limit_descriptors(1024);
    wait_for("it to answer", || server.list().contains_key(&stays.address()));
    stays.leave();
    server.subject.close_input();
    server.close();
}
