//! A hundred clients, while children, connections and requests end at random. What Ranch's stampede suite does.

use super::{accounting::setting, is_concurrent, resets, server};
use crate::util::{tool, wait_for};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reliability::{Client, Program, descriptors, signal, threads};
use rustix::process::Signal;
use socketserver::net::socket2::SockRef;
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

const CLIENTS: usize = 100;

/// What clients and troublemakers share.
struct Scene {
    address: SocketAddr,
    is_over: AtomicBool,
    served: AtomicU64,
    /// Connections of which one may be ended, if others are served beside them.
    open: Mutex<Vec<Client>>,
    may_stay: bool,
}

impl Scene {
    /// Connects, is served or misbehaves, and goes; over and over.
    fn run(&self, mut dice: StdRng) {
        while !self.is_over.load(Relaxed) {
            let mut client = Client::connect(self.address);
            match dice.random_range(0..20) {
                0 => drop(client.say("panic").and_then(|()| client.hear().map(drop))),
                1 => drop(client.say("fail").and_then(|()| client.hear().map(drop))),
                2 => drop(client.0.get_mut().set_nodelay(true).and_then(|()| client.say("half a li"))),
                3 => {
                    let _ = client.say("big 1000000"); // and doesn't wait for it
                    let _ = SockRef::from(client.0.get_ref()).set_linger(Some(Duration::ZERO));
                }
                4 if self.may_stay => {
                    let mut open = self.open.lock();
                    open.truncate(3); // or they would take the places of all others
                    open.push(client);
                }
                // It may be ended, too.
                _ => {
                    if let Ok(Some(line)) = client.say("hello").and_then(|()| client.hear()) {
                        assert_eq!(line, "hello");
                        self.served.fetch_add(1, Relaxed);
                    }
                }
            }
        }
    }

    /// Ends something that serves, or is served.
    fn make_trouble(&self, server: &Program, dice: &mut StdRng, can_kill: &mut bool) {
        let victim = self.open.lock().pop();
        if let Some(client) = victim
            && *can_kill
        {
            *can_kill = resets::kill(self.address, &client);
        }
        if let Some(child) = server.children().choose(dice) {
            // It may have ended by itself.
            if dice.random_bool(0.5) {
                let _ = signal(*child, Signal::KILL);
            } else {
                let _ = signal(*child, Signal::STOP);
                let _ = signal(*child, Signal::CONT);
            }
        }
    }
}

/// Sends the clients home, be it that the test has failed.
struct OnDrop<'a>(&'a Scene);
impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Relaxed);
        self.0.open.lock().clear(); // a client may be waiting behind them
    }
}

/// Threads, descriptors, children: what it has without clients.
fn belongings(server: &Program) -> (usize, usize, usize) {
    (threads(server.pid), descriptors(server.pid), server.children().len())
}

/// Of a server that has no clients: the loop's, the one that hears signals, and those that a mix-in keeps.
fn most_threads(mixin: &str) -> usize {
    match mixin {
        "forking" | "prefork" => 1,
        "pool" => 4,
        "reactor" => 2 + std::thread::available_parallelism().map_or(1, usize::from) + 1,
        _ => 2,
    }
}

/// `SOCKETSERVER_STAMPEDE_SECONDS` is for how long.
fn survives(mixin: &str) {
    let server = server(mixin).start();
    let mut first: Vec<_> =
        (0..if mixin == "sequential" { 1 } else { 8 }).map(|_| Client::connect(server.address)).collect();
    assert!(first.iter_mut().all(|client| client.echoes("hello")), "{mixin}");
    drop(first);
    wait_for("the first to leave", || {
        server.counts().active == 0 && threads(server.pid) <= most_threads(mixin)
    });
    let mut before = belongings(&server);
    before.2 = if mixin == "prefork" { 2 } else { 0 };

    let scene = Scene {
        address: server.address,
        is_over: AtomicBool::new(false),
        served: AtomicU64::new(0),
        open: Mutex::default(),
        may_stay: is_concurrent(mixin),
    };
    let seed = setting("SOCKETSERVER_SEED", rand::random::<u32>().into());
    let mut dice = StdRng::seed_from_u64(seed);
    let mut can_kill = tool("ss").is_some();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let dice = StdRng::seed_from_u64(dice.random());
            scope.spawn(|| scene.run(dice));
        }
        let _over = OnDrop(&scene);
        let end = Instant::now() + Duration::from_secs(setting("SOCKETSERVER_STAMPEDE_SECONDS", 2));
        while Instant::now() < end {
            let served = scene.served.load(Relaxed);
            scene.make_trouble(&server, &mut dice, &mut can_kill);
            // Somebody is served between two of them.
            wait_for("somebody to be served", || scene.served.load(Relaxed) > served);
        }
    });
    scene.open.lock().clear();
    wait_for("all to end", || server.counts().active == 0);
    let counts = server.counts();
    assert_eq!(counts.accepted, counts.ended(), "{mixin}, seed {seed}: {counts:?}");
    assert!(Client::connect(server.address).echoes("new"), "{mixin}, seed {seed}");
    println!("{mixin}: {} served, {counts:?}; {before:?}", scene.served.into_inner());
    wait_for("nothing to be left", || {
        let now = belongings(&server);
        now.0 <= most_threads(mixin) && now.1 <= before.1 && now.2 == before.2
    });
    let last = server.stop();
    assert_eq!(last.accepted, counts.accepted + 1, "{mixin}, seed {seed}");
}

#[test]
fn sequential_survives_a_stampede() {
    survives("sequential");
}

#[test]
fn threading_survives_a_stampede() {
    survives("threading");
}

#[test]
fn a_thread_pool_survives_a_stampede() {
    survives("pool");
}

#[test]
fn forking_survives_a_stampede() {
    survives("forking");
}

#[test]
fn prefork_survives_a_stampede() {
    survives("prefork");
}

#[test]
fn a_reactor_survives_a_stampede() {
    survives("reactor");
}
