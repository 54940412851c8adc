//! A UDP server in a process of its own, whose system calls and allocations are counted. It prints its address; for each line that it reads
//! it serves as many datagrams as its argument says, and prints how often memory was allocated from the first of them to the last.
//! With the word "gather" behind that, replies are gathered; with "requests" it counts those of so many requests of a connection instead.

mod requests;

use socketserver::{Sequential, prelude::*};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::{
    alloc::System,
    env,
    error::Error,
    io,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often memory has been allocated, or been made more.
fn allocations() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

/// How many datagrams were served since a line was read, and the count of allocations at the first of them.
#[derive(Default)]
struct Counts {
    most: AtomicUsize,
    served: AtomicUsize,
    before: AtomicUsize,
    during: AtomicUsize,
}
impl ServerHooks<Udp> for Counts {}

#[derive(Default)]
struct Upper;
impl DatagramRequestHandler<Counts> for Upper {
    fn handle(&mut self, cx: &mut DatagramContext<'_, Counts>) -> HandlerResult {
        let counts = cx.server.state();
        let now = allocations();
        let served = counts.served.fetch_add(1, Relaxed) + 1;
        if served == 1 {
            counts.before.store(now, Relaxed);
        }
        if served == counts.most.load(Relaxed) {
            counts.during.store(now - counts.before.load(Relaxed), Relaxed);
            cx.server.shutdown();
        }
        cx.wfile.extend_from_slice(cx.packet);
        cx.wfile.make_ascii_uppercase();
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let count = env::args().nth(1).ok_or("datagrams COUNT [gather|requests]")?.parse()?;
    if env::args().nth(2).is_some_and(|word| word == "requests") {
        return requests::count(count);
    }
    let counts = Counts::default();
    counts.most.store(count, Relaxed);
    let server = UdpServer::<Upper, Sequential, Counts>::builder().state(counts);
    let gather = env::args().nth(2).is_some_and(|word| word == "gather");
    let server = server.gather_replies(gather).bind("127.0.0.1:0")?;
    println!("{}", server.server_address());
    for line in io::stdin().lines() {
        line?;
        server.state().served.store(0, Relaxed);
        server.serve_forever()?;
        println!("{}", server.state().during.load(Relaxed));
    }
    Ok(())
}
