//! A transport of one's own: connections that are pipes in memory, served by the ordinary server, with an ordinary handler.
//!
//! It shows the two things that a transport consists of: `Wire` (what bytes go through, `pipe.rs`), and `Transport` (where requests come
//! from, `memory.rs`). The program is both ends: the server runs on a thread, and the client prompts.
//!
//! ```text
//! cargo run --example custom-transport         # type a line
//! printf 'hello\nquit\n' | cargo run --example custom-transport         # => >>: HELLO
//! ```

mod memory;
mod pipe;

use examples_support::{Result, converse, prompt};
use memory::Memory;
use socketserver::{Server, ThreadingMixIn, prelude::*};
use std::thread;

/// The handler doesn't know what it runs on.
#[derive(Default)]
struct Upper;

impl StreamRequestHandler for Upper {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        loop {
            let chunk = cx.rfile.fill_buf()?;
            let length = chunk.len();
            if length == 0 {
                return Ok(()); // the client has finished
            }
            cx.wfile.write_all(&chunk.to_ascii_uppercase())?;
            cx.rfile.consume(length);
        }
    }
}

fn main() -> Result {
    let (transport, connector) = Memory::new("upper")?;
    let server = Server::<Memory, Upper, ThreadingMixIn>::builder().serve_on(transport)?;
    println!("listening on {}", server.server_address());
    let mut client = connector.connect()?; // waits to be accepted
    thread::scope(|scope| {
        scope.spawn(|| server.serve_forever());
        let prompted = prompt(|line| converse(&mut client, line));
        drop(client); // the handler reads end-of-file
        server.shutdown();
        prompted
    })
}
