//! No descriptor is left, but one that was reserved: clients are told, and don't hang.

use super::{server, signals::stop, started};
use crate::util::{processes_sleep, wait_for};
use parking_lot::Mutex;
use reliability::{
    Client, MIXINS, Program, exhaust_descriptors, limit_descriptors, restore_descriptors, signal, threads,
};
use rustix::process::Signal;
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    thread,
};

/// So many descriptors may a process have: some for itself, the others for clients.
const FEW: u64 = 40;
/// Nothing frees a descriptor but a client that goes.
const LONG: &str = "idle=600000";

/// With all the processes that it begins with, and few descriptors.
fn reserving(mixin: &str) -> Program {
    let server = started(mixin, server(mixin).with("reserve=yes").with(LONG));
    limit_descriptors(server.pid, FEW).unwrap();
    server
}

/// A client who is served, or is told that it isn't.
#[track_caller]
fn visit(address: SocketAddr, mixin: &str) -> Option<Client> {
    let mut client = Client::connect(address);
    let _ = client.say("hello"); // it may have been refused by now
    match client.hear().expect(mixin).as_deref() {
        Some("hello") => Some(client),
        Some("refused: NoDescriptor") => None,
        other => panic!("{other:?}"),
    }
}

/// Clients who stay until there is no descriptor left, in any process; and how many were refused meanwhile.
fn fill(server: &Program, mixin: &str) -> (Vec<Client>, u64) {
    if mixin == "sequential" {
        exhaust_descriptors(server.pid).unwrap(); // it serves one at a time
    }
    if mixin != "prefork" {
        return (fill_one(server, mixin), 1);
    }
    // One after the other, for nobody says when both are full: of those that wait the same might be woken for each who comes to be refused.
    let [first, second] = server.children()[..] else { panic!("two") };
    let inside = [(first, second), (second, first)].map(|(fills, waits)| {
        stop(waits);
        let inside = fill_one(server, mixin);
        signal(waits, Signal::CONT).unwrap();
        assert!(!inside.is_empty(), "{fills}");
        inside
    });
    (inside.into_iter().flatten().collect(), 2)
}

/// Until the first is refused.
fn fill_one(server: &Program, mixin: &str) -> Vec<Client> {
    let mut inside = Vec::new();
    while let Some(client) = visit(server.address, mixin) {
        inside.push(client);
        if mixin == "forking" {
            exhaust_descriptors(server.pid).unwrap(); // of its children it has some only as long as there are any
        }
    }
    inside
}

/// The words, and then an end that is none of force.
#[track_caller]
fn is_told(mut client: Client, mixin: &str) {
    assert_eq!(client.hear().expect(mixin).as_deref(), Some("refused: NoDescriptor"), "{mixin}");
    assert_eq!(client.hear().expect(mixin), None, "{mixin}");
}

#[test]
fn without_descriptors_clients_are_told_and_those_inside_are_served_on() {
    const LATE: u64 = 10;
    for mixin in MIXINS {
        let server = reserving(mixin);
        let mut told = 0;
        for round in 1..=2 {
            let (mut inside, refused) = fill(&server, mixin);
            assert!(mixin == "sequential" || !inside.is_empty(), "{mixin}");
            // Some at the same time, for whom all acceptors come; the others one by one.
            let late: Vec<_> = (0..LATE / 2).map(|_| Client::connect(server.address)).collect();
            late.into_iter().for_each(|client| is_told(client, mixin));
            for _ in 0..LATE / 2 {
                is_told(Client::connect(server.address), mixin);
                assert!(inside.iter_mut().all(|client| client.echoes("still there")), "{mixin}");
            }
            told += refused + LATE;
            drop(inside);
            limit_descriptors(server.pid, FEW).unwrap();
            wait_for("them to have gone", || server.counts().active == 0);
            assert!(Client::connect(server.address).echoes("new"), "{mixin}, round {round}");
            wait_for("it to have gone", || server.counts().active == 0);
        }
        assert!(server.logged("clients are refused: ") > 0, "{mixin}");
        let counts = server.stop();
        assert_eq!((counts.refused, counts.no_descriptor), (told, told), "{mixin}: {counts:?}");
        assert_eq!(counts.completed, counts.accepted - told, "{mixin}: {counts:?}");
        // One for each who was refused, one that finds nobody else; with several acceptors each may come.
        assert!(counts.accept_errors < 10 * told, "{mixin} spun: {counts:?}");
    }
}

/// Of two processes one has none left, and the other has. In each, one thread accepts: who doesn't step back is the first for all who come.
#[test]
fn who_has_just_refused_one_lets_the_other_process_come_to_the_next() {
    const VISITS: usize = 40;
    let server = server("prefork").with("inside=threading").with("reserve=yes").start();
    let is_up = |pid: &u32| threads(*pid) >= 2; // the other listens to the parent
    wait_for("both to be there", || server.children().iter().filter(|it| is_up(it)).count() == 2);
    limit_descriptors(server.pid, FEW).unwrap();
    let [full, other] = server.children()[..] else { panic!("two") };
    stop(other);
    let mut inside = fill_one(&server, "prefork");
    signal(other, Signal::CONT).unwrap();
    let served = (0..VISITS).filter(|_| {
        wait_for("both to wait", || processes_sleep(&[full, other]));
        visit(server.address, "prefork").is_some()
    });
    let served = served.count();
    assert!(served >= VISITS / 4, "in turns, on an idle machine; here {served} of {VISITS}");
    assert!(inside.iter_mut().all(|client| client.echoes("still there")));
    drop(inside);
    restore_descriptors(server.pid).unwrap();
    server.stop();
}

/// All of these are open in the server from its beginning: its standard files, the socket, what wakes it. (In worker processes they are
/// others.) Fewer than five, and poll(2) itself fails.
const TOO_FEW: u64 = 6;

/// As if another thread took the descriptor whenever it is given up: none below the limit is ever free.
#[test]
fn where_the_reserve_is_lost_clients_wait_and_it_is_had_again() {
    for mixin in ["threading", "pool", "forking", "reactor"] {
        let server = reserving(mixin);
        let mut in_flight = visit(server.address, mixin).unwrap();
        limit_descriptors(server.pid, TOO_FEW).unwrap();
        let mut late: Vec<_> = (0..3).map(|_| Client::connect(server.address)).collect();
        late.iter_mut().for_each(|client| client.say("late").unwrap());
        wait_for("it to have paused a few times", || {
            assert!(in_flight.echoes("still there"), "{mixin}");
            server.logged("can't accept, trying again in 40ms") > 0
        });
        limit_descriptors(server.pid, FEW).unwrap();
        for client in &mut late {
            assert_eq!(client.hear().unwrap().as_deref(), Some("late"), "{mixin}");
        }
        // The reserve is there again. (One that children serve has it above the limit which leaves it no other, and that isn't raised by it.)
        let (inside, refused) = if mixin == "forking" { Default::default() } else { fill(&server, mixin) };
        assert!(mixin == "forking" || refused > 0 && !inside.is_empty(), "{mixin}");
        drop((inside, late, in_flight));
        restore_descriptors(server.pid).unwrap();
        let counts = server.stop();
        assert!(counts.accept_errors >= 4, "{mixin}: {counts:?}");
        assert_eq!(counts.refused, refused, "{mixin}: {counts:?}");
    }
}

/// A crowd that comes again and again must not keep the server from stopping.
#[test]
fn a_crowd_of_refused_clients_holds_up_no_shutdown() {
    for mixin in MIXINS {
        let server = reserving(mixin);
        let (inside, refused) = fill(&server, mixin);
        let (address, is_over, told) = (server.address, AtomicBool::new(false), AtomicU64::new(refused));
        let inside = Mutex::new(inside);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Ok(mut client) = Client::try_connect(address) {
                        let _ = client.say("hello");
                        match client.hear() {
                            Ok(Some(line)) if line == "hello" => {
                                inside.lock().extend((!is_over.load(SeqCst)).then_some(client));
                            }
                            Ok(Some(line)) if line.ends_with("NoDescriptor") => {
                                told.fetch_add(1, SeqCst);
                            }
                            _ => {} // it came when the server was closed
                        }
                    }
                });
            }
            wait_for("many to be told", || told.load(SeqCst) > refused + 50);
            server.terminate();
            // Those who are inside are waited for; the crowd isn't.
            is_over.store(true, SeqCst);
            inside.lock().clear();
            let counts = server.end().1;
            assert!(counts.no_descriptor >= told.load(SeqCst), "{mixin}: {counts:?}");
            assert_eq!(counts.accepted, counts.ended(), "{mixin}: {counts:?}");
        });
    }
}
