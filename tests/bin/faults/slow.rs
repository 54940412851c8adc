//! Five hundred clients that dribble and five hundred that never read, beside fifty good ones.

use reliability::{Builder, Client, threads, wait_for};
use rustix::process::{Resource, getrlimit, setrlimit};
use socketserver::net::socket2::{Domain, Socket, Type};
use std::{
    error::Error,
    io,
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

const SLOW: usize = 500;
const GOOD: usize = 50;
const STRETCH: Duration = Duration::from_millis(1500);

/// Prints which share of what they have alone the good ones keep. The rest of the machine has a say in it, so the best of a few counts.
pub(crate) fn run(mixin: &str, enough: f64) -> Result<(), Box<dyn Error>> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit })?;
    let mut shares = Vec::new();
    for _ in 0..8 {
        let share = share(mixin)?;
        println!("{mixin}: {share:.2} of what they have alone");
        shares.push(share);
        if share >= enough {
            return Ok(());
        }
    }
    Err(format!("{mixin}: {shares:?}").into())
}

fn share(mixin: &str) -> Result<f64, Box<dyn Error>> {
    let server = Builder::this(mixin)?.with("workers=1200").start();
    let (address, is_over, served) = (server.address, AtomicBool::new(false), AtomicU64::new(0));
    let share = thread::scope(|scope| {
        let _over = OnDrop(&is_over);
        for _ in 0..GOOD {
            scope.spawn(|| ask(address, &is_over, &served));
        }
        let alone = in_a_stretch(&served);
        let dribblers = slow_ones(address, b"h")?;
        // Much more than the buffers between us take.
        let deaf = slow_ones(address, b"big 30000000\n")?;
        // Each has the attention of a thread by now, which waits for it.
        wait_for("all to be served", || threads(server.pid) >= 2 * SLOW);
        let is_over = &is_over;
        scope.spawn(move || dribble(&dribblers, is_over));
        let beside = in_a_stretch(&served);
        drop(deaf);
        Ok::<_, io::Error>(beside as f64 / alone as f64)
    })?;
    server.stop();
    Ok(share)
}

/// Ends the clients, be it that something has failed.
struct OnDrop<'a>(&'a AtomicBool);
impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

fn ask(address: SocketAddr, is_over: &AtomicBool, served: &AtomicU64) {
    let mut client = Client::connect(address);
    while !is_over.load(Relaxed) {
        assert!(client.echoes("hello"), "a good client is served");
        served.fetch_add(1, Relaxed);
    }
}

/// How many requests are served, once all are at it.
fn in_a_stretch(served: &AtomicU64) -> u64 {
    let before = served.load(Relaxed);
    wait_for("good clients to be served", || served.load(Relaxed) > before + 10 * GOOD as u64);
    let (before, begun) = (served.load(Relaxed), Instant::now());
    thread::sleep(STRETCH); // it is what is measured
    let rate = (served.load(Relaxed) - before) as f64 / begun.elapsed().as_secs_f64();
    rate as u64
}

fn slow_ones(address: SocketAddr, say: &[u8]) -> io::Result<Vec<Socket>> {
    let connect = |_| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_recv_buffer_size(4096)?; // or it would be the kernel that reads
        socket.connect(&address.into())?;
        socket.send(say)?;
        Ok(socket)
    };
    (0..SLOW).map(connect).collect()
}

/// A byte from each of them every second or so, of a line that never ends.
fn dribble(clients: &[Socket], is_over: &AtomicBool) {
    for client in (0..clients.len()).cycle() {
        if is_over.load(Relaxed) {
            return;
        }
        let _ = clients[client].send(b"x"); // who is gone is gone
        thread::sleep(Duration::from_millis(2));
    }
}
