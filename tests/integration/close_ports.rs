//! The port is closed for a while where each process, or each thread, has a socket of its own on it.

use crate::{
    backlog::{WAITING, at_rest, close, counts, hear_all, served, shutdown, tell},
    close_port::{close_port, doesnt_spin, is_refused, start},
    util::wait_for,
};
use reliability::Client;
use std::{
    io,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
};

const EACH: [&str; 2] = ["pool", "prefork"];

/// So many that, spread by the system, some wait in each socket.
const MANY: usize = 4 * WAITING;

#[test]
fn clients_are_refused_by_all_until_they_are_opened_again_and_those_inside_go_on() {
    for mixin in EACH {
        let (mut server, pid, address) = start(mixin, &["sockets=each"]);
        // Who stays has a thread of the pool to himself, and with it a socket.
        let mut inside = (mixin == "prefork").then(|| Client::connect(address));
        let mut goes_on = || inside.as_mut().is_none_or(|client| client.ask("stay here") == "STAY HERE");
        assert!(goes_on(), "{mixin}");
        for round in 0..3 {
            close_port(&mut server, mixin);
            (0..8).for_each(|_| is_refused(address, mixin));
            assert!(goes_on(), "{mixin}");
            if round == 0 {
                doesnt_spin(pid, mixin);
            }
            tell(&mut server, "resume");
            for _ in 0..8 {
                assert_eq!(served(Client::connect(address), mixin), "FIRST");
            }
        }
        drop(inside);
        let told = close(server);
        assert!(told.ends_with("refused 0 draining 0"), "{mixin}: {told}");
    }
}

#[test]
fn who_waits_in_any_of_them_is_served() {
    for mixin in EACH {
        let (mut server, _, address) = start(mixin, &["sockets=each"]);
        assert_eq!(served(Client::connect(address), mixin), "FIRST");
        at_rest(&mut server);
        tell(&mut server, "suspend");
        let mut waiting: Vec<_> = (0..MANY).map(|_| Client::connect(address)).collect();
        waiting.iter_mut().for_each(|client| client.say("waits").unwrap());
        close_port(&mut server, mixin);
        for client in waiting {
            assert_eq!(hear_all(client, mixin), "WAITS");
        }
        is_refused(address, mixin);
        tell(&mut server, "resume");
        assert_eq!(served(Client::connect(address), mixin), "FIRST");
        assert_eq!(close(server), counts(2 + MANY, 2 + MANY), "{mixin}");
    }
}

/// The sockets of processes that are forked meanwhile don't listen.
#[test]
fn a_server_may_begin_to_serve_and_stop_while_they_are_closed() {
    for mixin in EACH {
        let (mut server, _, address) = start(mixin, &["sockets=each", "early=yes"]);
        close_port(&mut server, mixin);
        for _ in 0..2 {
            tell(&mut server, "again");
            (0..8).for_each(|_| is_refused(address, mixin));
            tell(&mut server, "resume");
            for _ in 0..8 {
                assert_eq!(served(Client::connect(address), mixin), "FIRST");
            }
            close_port(&mut server, mixin);
            assert_eq!(shutdown(&mut server, 10_000), "0 0 0", "{mixin}");
        }
        is_refused(address, mixin);
        assert_eq!(close(server), counts(16, 16), "{mixin}");
    }
}

/// Clients who come all the time are served or refused by the system, and nothing else.
#[test]
fn nobody_is_lost_between_open_and_closed() {
    for mixin in EACH {
        let (mut server, _, address) = start(mixin, &["sockets=each"]);
        let (answered, refused, is_over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        let come = || {
            while !is_over.load(SeqCst) {
                match Client::try_connect(address) {
                    Ok(client) => {
                        assert_eq!(served(client, mixin), "FIRST");
                        answered.fetch_add(1, SeqCst);
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{mixin}");
                        refused.fetch_add(1, SeqCst);
                    }
                }
            }
        };
        thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(come)));
            for _ in 0..10 {
                let (before, rejected) = (answered.load(SeqCst), refused.load(SeqCst));
                wait_for("somebody to be served", || answered.load(SeqCst) > before);
                close_port(&mut server, mixin);
                wait_for("somebody to be refused", || refused.load(SeqCst) > rejected);
                tell(&mut server, "resume");
            }
            is_over.store(true, SeqCst);
        });
        let answered = answered.into_inner();
        assert_eq!(close(server), counts(answered, answered), "{mixin}");
    }
}
