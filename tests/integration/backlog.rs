//! Who is in the backlog when the server stops is served or refused, as was chosen, and never forgotten.

use crate::{subject, util::wait_for};
use reliability::{Client, MIXINS};
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

pub(crate) const WAITING: usize = 6;

/// A server, where it serves, and clients who wait in its backlog, each with a line said.
fn waiting(mixin: &str, settings: &[&str], clients: usize) -> (subject::Subject, SocketAddr, Vec<Client>) {
    let mut server = subject::start(&[&["accepting", mixin][..], settings].concat());
    let address: SocketAddr = server.after("serving ").parse().unwrap();
    // Whoever accepts is there, and is told that it is not to.
    let first = Client::connect(address);
    assert_eq!(served(first, mixin), "FIRST");
    at_rest(&mut server);
    tell(&mut server, "suspend");
    server.wait_until_asleep(); // who was about to accept might take one more
    let mut waiting: Vec<_> = (0..clients).map(|_| Client::connect(address)).collect();
    waiting.iter_mut().for_each(|client| client.say("waits").unwrap());
    (server, address, waiting)
}

pub(crate) fn served(mut client: Client, whose: &str) -> String {
    client.say("first").unwrap();
    hear_all(client, whose)
}

/// Waits until nobody is inside.
pub(crate) fn at_rest(server: &mut subject::Subject) {
    wait_for("the clients to have gone", || {
        server.tell("stats");
        let told = server.after("stats ");
        server.after("done stats");
        let numbers: Vec<&str> = told.split(' ').collect();
        numbers[1] == numbers[3] // accepted, ended
    });
}

/// How many were served; the others were refused. A worker process that hasn't heard yet that it is suspended may take one in.
fn hear_each(waiting: Vec<Client>, mixin: &str) -> usize {
    let heard: Vec<_> = waiting.into_iter().map(|client| hear_all(client, mixin)).collect();
    let count = |what: &str| heard.iter().filter(|line| *line == what).count();
    let (served, refused) = (count("WAITS"), count("refused: Draining"));
    assert_eq!(served + refused, heard.len(), "{mixin}: {heard:?}");
    assert!(served == 0 || mixin == "prefork", "{mixin}: {heard:?}");
    served
}

pub(crate) fn tell(server: &mut subject::Subject, order: &str) {
    server.tell(order);
    assert_eq!(server.after("done "), order);
}

/// Drained, forced, refused.
pub(crate) fn shutdown(server: &mut subject::Subject, deadline: u64) -> String {
    server.tell(&format!("shutdown {deadline}"));
    let report = server.after("report ");
    server.after("done shutdown");
    report
}

/// What a client was told, up to an end that isn't one of force.
pub(crate) fn hear_all(mut client: Client, whose: &str) -> String {
    let line = client.hear().expect(whose).expect(whose);
    assert_eq!(client.hear().expect(whose), None, "{whose}");
    line
}

/// Closes the server, and gives what it has counted in the end.
pub(crate) fn close(mut server: subject::Subject) -> String {
    server.close_input();
    let (status, rest) = server.end();
    assert!(status.success(), "{rest:?}");
    rest.iter().rev().find_map(|line| line.strip_prefix("stats ")).expect("it tells").to_owned()
}

pub(crate) fn counts(accepted: usize, completed: usize) -> String {
    let refused = accepted - completed;
    format!("accepted {accepted} ended {accepted} completed {completed} refused {refused} draining {refused}")
}

#[test]
fn keep_leaves_them_to_the_next_serve_forever() {
    for mixin in MIXINS {
        let (mut server, _, waiting) = waiting(mixin, &["backlog=keep"], WAITING);
        shutdown(&mut server, 10_000);
        tell(&mut server, "again");
        tell(&mut server, "resume");
        for client in waiting {
            assert_eq!(hear_all(client, mixin), "WAITS");
        }
        assert_eq!(close(server), counts(1 + WAITING, 1 + WAITING), "{mixin}");
    }
}

#[test]
fn who_is_left_when_the_server_is_closed_is_refused_and_counted() {
    for mixin in MIXINS {
        let (mut server, _, waiting) = waiting(mixin, &[], WAITING);
        let report = shutdown(&mut server, 10_000);
        assert!(report == "0 0 0" || mixin == "prefork", "{mixin}: {report}");
        let told = close(server);
        assert_eq!(told, counts(1 + WAITING, 1 + hear_each(waiting, mixin)), "{mixin}");
    }
}

#[test]
fn leave_touches_nobody() {
    let (server, address, waiting) = waiting("threading", &["backlog=leave"], WAITING);
    assert_eq!(close(server), counts(1, 1));
    for mut client in waiting {
        assert!(client.hear().is_err(), "nobody has told it");
    }
    assert!(Client::try_connect(address).is_err());
}

/// A connection that waits for its next request has the only place.
#[test]
fn serve_lets_nobody_wait_for_the_place_of_one_who_says_nothing() {
    for mixin in ["threading", "pool", "forking", "reactor"] {
        let mut server = subject::start(&["accepting", mixin, "backlog=serve", "limit=1"]);
        let address = server.after("serving ").parse().unwrap();
        let mut idle = Client::connect(address);
        assert_eq!(idle.ask("stay"), "STAY", "{mixin}");
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Client::connect(address)).collect();
        waiting.iter_mut().for_each(|client| client.say("waits").unwrap());
        assert_eq!(shutdown(&mut server, 30_000), format!("{} 0 0", 1 + WAITING), "{mixin}");
        assert_eq!(idle.hear().expect(mixin), None, "{mixin}");
        for client in waiting {
            assert_eq!(hear_all(client, mixin), "WAITS");
        }
        assert_eq!(close(server), counts(1 + WAITING, 1 + WAITING), "{mixin}");
    }
}

#[test]
fn serve_serves_all_who_wait_at_the_moment_of_the_stop() {
    for mixin in MIXINS {
        for limit in ["limit=1000", "limit=2"] {
            let (mut server, address, waiting) = waiting(mixin, &["backlog=serve", limit], WAITING);
            let report = shutdown(&mut server, 30_000);
            assert!(report == format!("{WAITING} 0 0") || mixin == "prefork", "{mixin}: {report}");
            assert!(report.ends_with(" 0 0"), "{mixin}: {report}");
            for client in waiting {
                assert_eq!(hear_all(client, mixin), "WAITS");
            }
            let late = Client::connect(address); // isn't taken in any more
            assert_eq!(close(server), counts(2 + WAITING, 1 + WAITING), "{mixin}");
            assert_eq!(hear_all(late, mixin), "refused: Draining");
        }
    }
}

/// One who is inside takes the only place, and doesn't go before the deadline.
#[test]
fn what_cant_be_served_in_time_is_refused_and_counted() {
    for mixin in ["threading", "pool", "forking", "reactor"] {
        let mut server = subject::start(&["accepting", mixin, "backlog=serve", "limit=1"]);
        let address: SocketAddr = server.after("serving ").parse().unwrap();
        let mut inside = Client::connect(address);
        assert_eq!(inside.ask("hold"), "HOLD");
        let waiting: Vec<_> = (0..WAITING).map(|_| Client::connect(address)).collect();
        assert_eq!(shutdown(&mut server, 300), format!("0 1 {WAITING}"), "{mixin}");
        for client in waiting {
            assert_eq!(hear_all(client, mixin), "refused: Draining");
        }
        assert!(!matches!(inside.hear(), Ok(Some(_))), "{mixin}");
        let told = close(server);
        assert!(told.ends_with(&format!("refused {WAITING} draining {WAITING}")), "{mixin}: {told}");
        assert!(told.starts_with(&format!("accepted {0} ended {0} ", 1 + WAITING)), "{mixin}: {told}");
    }
}

#[test]
fn refuse_refuses_at_once_though_requests_are_in_progress() {
    for mixin in MIXINS.into_iter().filter(|it| *it != "sequential") {
        let mut server = subject::start(&["accepting", mixin, "backlog=refuse"]);
        let address: SocketAddr = server.after("serving ").parse().unwrap();
        let mut inside = Client::connect(address);
        assert_eq!(inside.ask("hold"), "HOLD");
        tell(&mut server, "suspend");
        server.wait_until_asleep(); // as above
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Client::connect(address)).collect();
        waiting.iter_mut().for_each(|client| client.say("waits").unwrap());
        server.tell("shutdown 60000");
        let served = hear_each(waiting, mixin);
        inside.say("go").unwrap();
        let refused = WAITING - served;
        assert!(server.after("report ").ends_with(&format!(" 0 {refused}")), "{mixin}");
        assert_eq!(close(server), counts(1 + WAITING, 1 + served), "{mixin}");
    }
}

/// They come again as soon as they have been served, each a new client.
#[test]
fn a_stream_of_clients_keeps_no_server_from_stopping() {
    for mixin in MIXINS {
        let (mut server, address, waiting) = waiting(mixin, &["backlog=serve"], WAITING);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            for mut client in waiting {
                let is_over = &is_over;
                scope.spawn(move || {
                    while let Ok(Some(_)) = client.hear()
                        && !is_over.load(SeqCst)
                        && let Ok(next) = Client::try_connect(address)
                    {
                        client = next;
                        let _ = client.say("again"); // it may have been closed
                    }
                });
            }
            server.tell("shutdown 60000");
            server.after("report ");
            is_over.store(true, SeqCst);
            let told = close(server);
            assert!(told.starts_with("accepted "), "{mixin}: {told}");
        });
    }
}
