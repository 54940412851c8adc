//! Micro-benchmarks: `cargo bench -p socketserver-bench`, with a part of a name behind `--` to run some of them.
#![forbid(unsafe_code)]

mod accept;
mod datagram;
mod framing;
mod handshake;
mod served;

fn main() {
    divan::main();
}
