//! What a child does.

use super::{start, ways};
use crate::{
    clients::{rest, visit},
    subject,
    util::{GUARD, wait_for},
};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn each_request_has_a_child_of_its_own_that_is_forgotten_at_its_end() {
    for way in ways() {
        let server = start(&way, &[]);
        let mut pids: Vec<_> = (0..10).map(|_| server.ask("pid").parse::<u32>().unwrap()).collect();
        assert!(!pids.contains(&server.pid));
        pids.sort_unstable();
        pids.dedup();
        assert_eq!(pids.len(), 10);
        server.wait_for_no_children();
    }
}

#[test]
fn a_child_says_how_its_request_ended() {
    for way in ways() {
        let server = start(&way, &[]);
        for (word, outcome) in
            [("pid", "Completed"), ("fail", "Failed"), ("panic", "Panicked"), ("unflushed", "Completed")]
        {
            let answer = server.ask(word);
            assert_eq!(word == "unflushed", answer == "in the buffer to the end");
            let ended = server.subject.after("ended ");
            assert!(ended.ends_with(outcome), "{word}: {ended}");
        }
        let (client, child) = server.hold();
        kill_process(Pid::from_raw(child as i32).unwrap(), Signal::KILL).unwrap();
        assert_eq!(server.subject.line(), "started 5");
        assert_eq!(server.subject.line(), format!("killed {child}"), "a warning, and the only one");
        assert_eq!(server.subject.line(), "ended 5 InChild(None)");
        assert_eq!(rest(client), b"", "its client is not left alone");
        server.terminate();
        assert_eq!(server.subject.after("accepted "), "5 completed 2 failed 3");
        assert_eq!(server.subject.after("children "), "[]");
        assert!(server.subject.end().0.success());
    }
}

#[test]
fn what_a_child_prints_isnt_lost() {
    let server = start(&[], &[]);
    server.ask("print");
    server.subject.after("printed without a newline, ");
}

#[test]
fn a_child_has_no_listening_socket() {
    let server = start(&[], &[]);
    let listening = |pid: u32| {
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
        let links: Vec<_> = descriptors.filter_map(|it| std::fs::read_link(it.path()).ok()).collect();
        links.into_iter().filter(|it| it.to_str().unwrap().starts_with("socket:")).collect::<Vec<_>>()
    };
    let of_parent = listening(server.pid);
    let (_client, child) = server.hold();
    let of_child = listening(child);
    // The parent has the listening socket and those of the signals, the child the latter and its client's.
    assert_eq!(of_parent.iter().filter(|it| !of_child.contains(it)).count(), 1);
    assert_eq!(of_child.iter().filter(|it| !of_parent.contains(it)).count(), 1);
    wait_for("the parent to close its copy of the client's", || listening(server.pid) == of_parent);
}

#[test]
fn forking_with_threads_alive_is_warned_about_once() {
    let mut server = start(&[], &["deadline=60000"]); // which has a thread for its input
    assert_ne!(server.ask("pid"), server.ask("pid"));
    server.subject.close_input();
    let (_, lines) = server.subject.end();
    let warnings: Vec<_> = lines.iter().filter(|line| line.starts_with("warning")).collect();
    assert_eq!(warnings, ["warning 2 threads"]);

    let server = start(&[], &[]);
    server.ask("pid");
    server.terminate();
    let (_, lines) = server.subject.end();
    assert!(!lines.iter().any(|line| line.starts_with("warning")), "{lines:?}");
}

#[test]
fn a_handler_in_a_child_cant_stop_the_server() {
    let server = start(&[], &[]);
    assert_eq!(server.ask("shutdown"), "");
    assert_ne!(server.ask("pid"), "");
}

#[test]
fn datagrams_are_served_by_children_too() {
    let server = start(&[], &["transport=udp"]);
    let client = socketserver::UdpSocket::bind("127.0.0.1:0").unwrap();
    client.settimeout(Some(GUARD));
    let ask = || {
        client.sendto(b"?", server.address).unwrap();
        let mut buf = [0; 20];
        let (n, from) = client.recvfrom(&mut buf).unwrap();
        assert_eq!(from, server.address);
        String::from_utf8(buf[..n].to_vec()).unwrap().parse::<u32>().unwrap()
    };
    let pids = [ask(), ask(), server.pid];
    assert!(pids[0] != pids[1] && !pids[..2].contains(&pids[2]), "{pids:?}");
    server.wait_for_no_children();
}

#[test]
fn a_child_leaves_its_parents_socket_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let server = start(&[], &[&format!("transport={}", path.display())]);
    for word in ["pid", "panic", "fail", "pid"] {
        let client = socketserver::net::UnixStream::connect(&path).unwrap();
        client.sendall(format!("{word}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut &client, &mut answer).unwrap();
        assert_eq!(answer.is_empty(), word != "pid");
    }
    server.terminate();
    assert!(server.subject.end().0.success());
    assert!(!path.exists());
}

/// Of what happens to its children an observer hears, and a hook is called, while nobody holds a lock.
#[test]
fn who_is_told_of_a_child_may_ask_for_the_children() {
    let server = subject::start(&["asking"]);
    let address: std::net::SocketAddr = server.after("serving ").parse().unwrap();
    for _ in 0..3 {
        assert_eq!(visit(address, b""), b"hello");
        assert_eq!(server.after("started "), "0");
        assert_eq!(server.after("closed "), "0", "the hook has waited for that");
        assert_eq!(server.after("ended "), "0");
    }
    server.terminate();
    assert_eq!(server.after("accepted "), "3 completed 3 active 0");
    assert!(server.end().0.success());
}
