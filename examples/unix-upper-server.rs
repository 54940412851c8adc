//! The upper server on a Unix stream socket: a path, or `@name` in Linux's abstract namespace; `/tmp/upper.sock` if nothing is said.
//!
//! It shows a `StreamRequestHandler` that works on chunks, not lines; and that the server's file goes with it, and one that a
//! dead server left is replaced.
//!
//! ```text
//! cargo run --example unix-upper-server         # [--mixin sequential|threading|threadpool|forking|prefork] [ADDRESS]
//! printf 'hello\n' | nc -N -U /tmp/upper.sock                           # => HELLO
//! printf 'hello\nquit\n' | cargo run --example unix-upper-client        # => >>: HELLO
//! ```

use examples_support::{Result, run, serve};
use socketserver::prelude::*;

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
    serve(
        "/tmp/upper.sock",
        &[
            ("sequential", |address| run(&UnixStreamServer::<Upper>::bind(address)?)),
            ("threading", |address| run(&ThreadingUnixStreamServer::<Upper>::bind(address)?)),
            ("threadpool", |address| run(&ThreadPoolUnixStreamServer::<Upper>::bind(address)?)),
            ("forking", |address| run(&ForkingUnixStreamServer::<Upper>::bind(address)?)),
            ("prefork", |address| run(&PreforkUnixStreamServer::<Upper>::bind(address)?)),
        ],
    )
}
