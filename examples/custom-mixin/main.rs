//! A mix-in of one's own: what one client sends is handled in order, what several send at the same time.
//!
//! A thread for each datagram may overtake the one before it; one thread for all makes every client wait for the slowest. This mix-in
//! (`lanes.rs`) has a few threads, and each client always meets the same one. The replies tell which.
//!
//! ```text
//! cargo run --example custom-mixin             # [ADDRESS]
//! printf 'hello\n' | nc -u -w1 127.0.0.1 8080                           # => : HELLO
//! printf 'hello\nquit\n' | cargo run --example udp-upper-client         # => : HELLO
//! ```

mod lanes;

use examples_support::{Result, address, run};
use lanes::Lanes;
use socketserver::prelude::*;
use std::thread;

#[derive(Default)]
struct Upper;

impl DatagramRequestHandler for Upper {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        write!(cx.wfile, "{}: ", thread::current().name().unwrap_or_default())?;
        cx.wfile.write_all(&cx.packet.to_ascii_uppercase())?;
        Ok(())
    }
}

fn main() -> Result {
    run(&UdpServer::<Upper, Lanes>::builder().mixin(Lanes::new(4)?).bind(&*address("127.0.0.1:8080"))?)
}
