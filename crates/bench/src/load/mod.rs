//! The load generator: threads with an epoll each, which check every byte of every reply.

pub mod connect;
pub mod datagrams;
mod latency;
pub mod lines;
pub mod one_by_one;
pub mod ping_pong;
mod poll;
pub mod short;

pub use latency::Latency;

use crate::{Error, process::Memory, server::Server};
use rustix::time::{ClockId, clock_gettime};
use std::{
    sync::atomic::{AtomicU8, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

/// How long a load lasts.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Not counted.
    pub warm_up: Duration,
    /// Counted.
    pub counted: Duration,
}

/// What one thread of the load generator has seen while it counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests that were answered.
    pub requests: u64,
    /// How long they took.
    pub latency: Latency,
    /// Datagrams that were not answered in time.
    pub lost: u64,
}

/// What came of a load.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Requests per second.
    pub rate: f64,
    /// CPU seconds of the server per 100,000 requests.
    pub cpu: f64,
    /// How many CPUs the load generator used.
    pub load: f64,
    /// Milliseconds within which a request was answered: half of them, 99 %, 99.9 %.
    pub latency: [f64; 3],
    /// The share of datagrams that were not answered.
    pub lost: f64,
    /// The server's memory at the end, while its clients were there.
    pub memory: Memory,
}

/// Tells the load generator's threads whether to count, and when to end.
#[derive(Debug, Default)]
pub struct Phase(AtomicU8);

const WARM_UP: u8 = 0;
const COUNTED: u8 = 1;
const COUNTED_OUT: u8 = 2;
const OVER: u8 = 3;

impl Phase {
    fn counts(&self) -> bool {
        self.0.load(Relaxed) == COUNTED
    }
    fn is_over(&self) -> bool {
        self.0.load(Relaxed) == OVER
    }
}

/// Runs each of `workers` on a thread for the span's time, and measures the server meanwhile.
///
/// # Errors
/// What a worker fails with, such as a reply that differs from what was sent.
pub fn drive<W>(server: &Server, span: Span, workers: Vec<W>) -> Result<Sample, Error>
where
    W: FnOnce(&Phase) -> Result<Tally, Error> + Send,
{
    let phase = Phase(AtomicU8::new(WARM_UP));
    thread::scope(|scope| {
        let threads: Vec<_> = workers.into_iter().map(|work| scope.spawn(|| work(&phase))).collect();
        thread::sleep(span.warm_up);
        let (server_before, load_before, start) = (server.group.cpu(), own_cpu(), Instant::now());
        phase.0.store(COUNTED, Relaxed);
        thread::sleep(span.counted);
        phase.0.store(COUNTED_OUT, Relaxed);
        let elapsed = start.elapsed().as_secs_f64();
        let (server_after, load_after) = (server.group.cpu(), own_cpu());
        let memory = server.group.memory();
        phase.0.store(OVER, Relaxed);
        let (server_after, memory) = (server_after?, memory?);
        let mut all = Tally::default();
        for thread in threads {
            let tally = thread.join().map_err(|_| "a thread of the load generator panicked")??;
            all.requests += tally.requests;
            all.lost += tally.lost;
            all.latency.add(tally.latency);
        }
        if all.requests == 0 {
            return Err("the server answered nothing".into());
        }
        let requests = all.requests as f64;
        Ok(Sample {
            rate: requests / elapsed,
            cpu: (server_after - server_before?).as_secs_f64() / requests * 1e5,
            load: (load_after - load_before).as_secs_f64() / elapsed,
            latency: all.latency.percentiles([0.5, 0.99, 0.999]),
            lost: all.lost as f64 / (requests + all.lost as f64),
            memory,
        })
    })
}

/// The CPU time of this process.
fn own_cpu() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}

/// `items` in `n` parts of about the same length, each of items that stood together. Dealt out in turn they would meet servers that deal
/// their connections in turn too, and each thread of the one would talk with one thread of the other.
fn split<T>(mut items: Vec<T>, n: usize) -> Vec<Vec<T>> {
    let n = n.max(1);
    (0..n).map(|i| items.drain(..items.len() / (n - i)).collect()).collect()
}
