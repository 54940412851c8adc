//! A hundred clients, while children, connections and requests end at random. What Ranch's stampede suite does.

use super::{accounting::setting, is_concurrent, resets, server};
use crate::util::{wait_for, wait_up_to};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reliability::{Client, GUARD, Program, descriptors, signal, threads};
use rustix::process::Signal;
use socketserver::net::socket2::SockRef;
use std::{
    io::Write,
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

const CLIENTS: usize = 100;

/// At least so much of each kind, or nothing has been survived.
const EACH: u64 = 5;

/// What clients and troublemakers share.
struct Scene {
    address: SocketAddr,
    is_over: AtomicBool,
    connected: AtomicU64,
    served: AtomicU64,
    /// Requests whose clients asked for a panic, for an error; that were left by half, and reset.
    panics: AtomicU64,
    errors: AtomicU64,
    halves: AtomicU64,
    resets: AtomicU64,
    /// Connections of which one may be ended, if others are served beside them.
    open: Mutex<Vec<Client>>,
    may_stay: bool,
}

/// What has been done to the server from outside.
#[derive(Debug, Default)]
struct Trouble {
    connections: u64,
    killed: u64,
    stopped: u64,
}

impl Scene {
    fn of(server: &Program, mixin: &str) -> Self {
        Scene {
            address: server.address,
            is_over: AtomicBool::new(false),
            connected: AtomicU64::new(0),
            served: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            halves: AtomicU64::new(0),
            resets: AtomicU64::new(0),
            open: Mutex::default(),
            may_stay: is_concurrent(mixin),
        }
    }

    fn connect(&self) -> Client {
        let client = Client::connect(self.address);
        self.connected.fetch_add(1, Relaxed);
        client
    }

    /// Connects, is served or misbehaves, and goes; over and over.
    fn run(&self, mut dice: StdRng) {
        while !self.is_over.load(Relaxed) {
            let mut client = self.connect();
            match dice.random_range(0..20) {
                0 => ask_for(&mut client, "panic", &self.panics),
                1 => ask_for(&mut client, "fail", &self.errors),
                2 => {
                    let _ = client.0.get_mut().write_all(b"half a li");
                    self.halves.fetch_add(1, Relaxed);
                }
                3 => {
                    let _ = client.say("big 1000000"); // and doesn't wait for it
                    let _ = SockRef::from(client.0.get_ref()).set_linger(Some(Duration::ZERO));
                    self.resets.fetch_add(1, Relaxed);
                }
                4 if self.may_stay => {
                    if client.echoes("hello") {
                        let mut open = self.open.lock();
                        open.truncate(3); // or they would take the places of all others
                        open.push(client);
                    }
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
    fn make_trouble(&self, server: &Program, dice: &mut StdRng, done: &mut Trouble, can_kill: bool) {
        let victim = self.open.lock().pop();
        if let Some(client) = victim
            && can_kill
        {
            done.connections += u64::from(resets::kill(self.address, &client));
        }
        if let Some(child) = server.children().choose(dice) {
            // It may have ended by itself.
            if done.killed <= done.stopped {
                done.killed += u64::from(signal(*child, Signal::KILL).is_ok());
            } else {
                done.stopped += u64::from(signal(*child, Signal::STOP).is_ok());
                let _ = signal(*child, Signal::CONT);
            }
        }
    }

    /// Whether there has been enough of each kind that there is.
    fn is_enough(&self, done: &Trouble, server: &Program, mixin: &str, can_kill: bool) -> bool {
        let by_clients = [&self.panics, &self.errors, &self.halves, &self.resets];
        by_clients.iter().all(|it| it.load(Relaxed) >= EACH)
            && (!can_kill || !self.may_stay || done.connections >= EACH)
            && (!["forking", "prefork"].contains(&mixin) || done.killed.min(done.stopped) >= EACH)
            && (mixin != "prefork" || server.logged(" was ended by a signal") as u64 >= EACH)
    }
}

/// Whatever comes of it is the end of that connection.
fn ask_for(client: &mut Client, what: &str, count: &AtomicU64) {
    let _ = client.say(what).and_then(|()| client.hear());
    count.fetch_add(1, Relaxed);
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

/// Threads and descriptors of each process that serves beside others, the most of them.
fn of_workers(server: &Program) -> (usize, usize) {
    let children = server.children();
    let most = |count: fn(u32) -> usize| children.iter().map(|it| count(*it)).max().unwrap_or(0);
    (most(threads), most(descriptors))
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
    let already = first.len() as u64;
    drop(first);
    wait_for("the first to leave", || {
        server.counts().active == 0 && threads(server.pid) <= most_threads(mixin)
    });
    let mut before = belongings(&server);
    before.2 = if mixin == "prefork" { 2 } else { 0 };
    // The loop, the one that listens to the parent, and a pool of two.
    wait_for("idle threads of the processes to end", || mixin != "prefork" || of_workers(&server).0 == 4);
    let in_workers = of_workers(&server);

    let scene = Scene::of(&server, mixin);
    let seed = setting("SOCKETSERVER_SEED", rand::random::<u32>().into());
    let mut dice = StdRng::seed_from_u64(seed);
    let (can_kill, mut done) = (resets::can_kill(), Trouble::default());
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let dice = StdRng::seed_from_u64(dice.random());
            scope.spawn(|| scene.run(dice));
        }
        let _over = OnDrop(&scene);
        let end = Instant::now() + Duration::from_secs(setting("SOCKETSERVER_STAMPEDE_SECONDS", 2));
        while Instant::now() < end || !scene.is_enough(&done, &server, mixin, can_kill) {
            assert!(Instant::now() < end + 4 * GUARD, "{mixin}, seed {seed}: only {done:?}");
            let served = scene.served.load(Relaxed);
            scene.make_trouble(&server, &mut dice, &mut done, can_kill);
            // Somebody is served between two of them, be it after the longest pause before a process is forked.
            wait_up_to(2 * GUARD, "somebody to be served", || scene.served.load(Relaxed) > served);
        }
    });
    scene.open.lock().clear();
    // Who resets before being accepted is an error of accept(2); whom a worker process has accepted when it is killed it may not have counted.
    let connected = scene.connected.load(Relaxed) + already;
    let uncounted = if mixin == "prefork" { done.killed } else { 0 };
    wait_for("all to end", || {
        let counts = server.counts();
        counts.active == 0 && counts.accepted + counts.accept_errors + uncounted >= connected
    });
    let counts = server.counts();
    assert_eq!(counts.accepted, counts.ended(), "{mixin}, seed {seed}: {counts:?}");
    let met = counts.accepted..=counts.accepted + counts.accept_errors + uncounted;
    assert!(met.contains(&connected), "{mixin}, seed {seed}: {connected} connected, {counts:?}");
    let failed = counts.failed + counts.disconnected;
    assert!(failed >= 2 * EACH, "{mixin}, seed {seed}: {counts:?}");
    assert!(
        counts.completed >= scene.served.load(Relaxed).saturating_sub(uncounted),
        "{mixin}, seed {seed}: {counts:?}"
    );
    assert!(Client::connect(server.address).echoes("new"), "{mixin}, seed {seed}");
    println!(
        "{mixin}: {connected} connected, {} served, {done:?}, {counts:?}; {before:?}",
        scene.served.into_inner()
    );
    wait_for("nothing to be left", || {
        let now = belongings(&server);
        let now_in_workers = of_workers(&server);
        now.0 <= most_threads(mixin)
            && now.1 <= before.1
            && now.2 == before.2
            && (mixin == "forking" || now_in_workers.0 <= in_workers.0 && now_in_workers.1 <= in_workers.1)
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
