//! The upper server on a Unix datagram socket: a path, or `@name` in Linux's abstract namespace; `/tmp/upper-datagram.sock` if
//! nothing is said.
//!
//! It shows the handler of `udp-upper-server`, word for word, on another transport. Clients that want an answer must have an address
//! of their own; nc and the client make one.
//!
//! ```text
//! cargo run --example unix-datagram-upper-server    # [--mixin sequential|threading|threadpool|forking|prefork] [ADDRESS]
//! printf 'hello\n' | nc -u -U -w1 /tmp/upper-datagram.sock              # => HELLO
//! printf 'hello\nquit\n' | cargo run --example unix-datagram-upper-client       # => >>: HELLO
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

/// Longer than what Linux lets through a Unix socket with send buffers of the usual size.
const LONGEST: usize = 256 * 1024;

fn main() -> Result {
    serve(
        "/tmp/upper-datagram.sock",
        &[
            ("sequential", |address| {
                run(&UnixDatagramServer::<Upper>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("threading", |address| {
                run(&ThreadingUnixDatagramServer::<Upper>::builder()
                    .max_packet_size(LONGEST)
                    .bind(address)?)
            }),
            ("threadpool", |address| {
                run(&ThreadPoolUnixDatagramServer::<Upper>::builder()
                    .max_packet_size(LONGEST)
                    .bind(address)?)
            }),
            ("forking", |address| {
                run(&ForkingUnixDatagramServer::<Upper>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("prefork", |address| {
                run(&PreforkUnixDatagramServer::<Upper>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
        ],
    )
}
