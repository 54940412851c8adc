//! What the state and the handlers see of a drain, and what idle clients hear of it.

use super::{ALL, Client, Timed, start};
use crate::util::wait_for;
use std::{collections::BTreeSet, io::Read, net::Shutdown};

/// Prefork servers run what they take in by other mix-ins, too: by children of children.
fn each(test: impl Fn(&str, &[&str])) {
    for mixin in ALL {
        test(mixin, &[]);
    }
    test("prefork", &["inner=forking"]);
}

fn many(mixin: &str) -> usize {
    if mixin == "sequential" { 1 } else { 3 }
}

/// Clients that have asked for something, and may ask again.
fn idle(server: &Timed, clients: usize) -> Vec<Client> {
    let ask = |_| {
        let mut client = server.client();
        assert_eq!(client.ask("echo one"), "one");
        assert_eq!(client.ask("echo two"), "two");
        client
    };
    (0..clients).map(ask).collect()
}

/// No deadline ends them, and nothing has to.
#[test]
fn idle_connections_are_closed_at_once_and_hear_goodbye() {
    each(|mixin, settings| {
        let mut server = start(mixin, settings);
        let clients = idle(&server, many(mixin));
        server.subject.tell("stop");
        for mut client in clients {
            assert_eq!(client.hear(), "goodbye", "{mixin} {settings:?}");
            assert_eq!(client.hear(), "", "{mixin} {settings:?}");
        }
        server.subject.after("stopped");
        server.subject.close_input();
        let stats = server.subject.after("stats ");
        assert!(
            stats.contains(" active 0 ") && stats.contains(" failed 0 "),
            "{mixin} {settings:?}: {stats}"
        );
        assert!(server.subject.end().0.success());
    });
}

/// Those who have never asked for anything are no more waited for.
#[test]
fn who_has_connected_and_never_asked_is_closed_at_once_and_hears_goodbye() {
    each(|mixin, settings| {
        let mut server = start(mixin, settings);
        let clients: Vec<_> = (0..many(mixin)).map(|_| server.client()).collect();
        wait_for("them to be taken in", || {
            server.subject.tell("stats");
            server.subject.after("stats ").contains(&format!(" active {} ", many(mixin)))
        });
        server.subject.tell("shutdown 3600000");
        for mut client in clients {
            assert_eq!(client.hear(), "goodbye", "{mixin} {settings:?}");
            assert_eq!(client.hear(), "", "{mixin} {settings:?}");
        }
        let report = server.subject.after("drained ");
        assert_eq!(report, format!("{} forced 0", many(mixin)), "{mixin} {settings:?}");
    });
}

#[test]
fn they_count_as_drained() {
    each(|mixin, settings| {
        let mut server = start(mixin, settings);
        let _clients = idle(&server, many(mixin));
        server.subject.tell("shutdown 60000");
        let report = server.subject.after("drained ");
        assert_eq!(report, format!("{} forced 0", many(mixin)), "{mixin} {settings:?}");
    });
}

#[test]
fn a_connection_that_is_in_a_request_ends_with_it_and_hears_goodbye() {
    each(|mixin, settings| {
        let mut server = start(mixin, settings);
        let mut client = server.client();
        assert_eq!(client.ask("hold"), "held");
        server.tell("stop");
        // Worker processes are told by a pipe, which they come to hear.
        wait_for("the handler to hear of it", || client.ask("does it?") == "true");
        assert_eq!(client.ask("go"), "true", "{mixin} {settings:?}");
        assert_eq!((client.hear(), client.hear()), ("goodbye".into(), String::new()), "{mixin} {settings:?}");
    });
}

/// After a pause, and in the next `serve_forever`, it is the same again.
#[test]
fn every_end_is_told_once_in_each_process_that_serves() {
    each(|mixin, settings| {
        let mut server = start(mixin, settings);
        for round in 0..3 {
            if round > 0 {
                server.subject.tell("again");
                server.tell("suspend");
                server.tell("resume");
            }
            let mut clients = idle(&server, 1);
            server.subject.tell("stop");
            let mut told = Vec::new();
            loop {
                let line = server.subject.line();
                told.extend(line.strip_prefix("draining ").map(str::to_owned));
                if line == "stopped" {
                    break;
                }
            }
            let processes = if mixin == "prefork" { 3 } else { 1 };
            let distinct: BTreeSet<_> = told.iter().collect();
            assert_eq!(
                (told.len(), distinct.len()),
                (processes, processes),
                "{mixin} {settings:?}: {told:?}"
            );
            assert_eq!((clients[0].hear(), clients[0].hear()), ("goodbye".into(), String::new()), "{mixin}");
        }
    });
}

#[test]
fn who_leaves_by_himself_isnt_told_goodbye() {
    each(|mixin, settings| {
        let server = start(mixin, settings);
        for client in idle(&server, many(mixin)) {
            let mut client = client.0.into_inner();
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!(client.read(&mut [0; 10]).unwrap(), 0, "{mixin} {settings:?}");
        }
        assert!(server.end().contains(" failed 0 "), "{mixin} {settings:?}");
    });
}
