//! The upper server over UDP: each datagram is answered with one.
//!
//! It shows a `DatagramRequestHandler`, and a builder: the longest datagrams need a larger `max_packet_size` than the default.
//!
//! ```text
//! cargo run --example udp-upper-server         # [--mixin sequential|threading|threadpool|forking|prefork] [ADDRESS]
//! printf 'hello\n' | nc -u -w1 127.0.0.1 8080                           # => HELLO
//! printf 'hello\nquit\n' | cargo run --example udp-upper-client         # => >>: HELLO
//! ```

use examples_support::{Result, run, serve};
use socketserver::prelude::*;

#[derive(Default)]
struct Upper;

impl DatagramRequestHandler for Upper {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        cx.wfile.extend(cx.packet.iter().map(u8::to_ascii_uppercase));
        Ok(())
    }
}

/// As long as a UDP datagram can be.
const LONGEST: usize = 65_535;

fn main() -> Result {
    serve(
        "127.0.0.1:8080",
        &[
            ("sequential", |address| {
                run(&UdpServer::<Upper>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("threading", |address| {
                run(&ThreadingUdpServer::<Upper>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("threadpool", |address| {
                run(&ThreadPoolUdpServer::<Upper>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("forking", |address| {
                run(&ForkingUdpServer::<Upper>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("prefork", |address| {
                run(&PreforkUdpServer::<Upper>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
        ],
    )
}
