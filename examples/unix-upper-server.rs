//! The upper server on a Unix stream socket: a path, or `@name` in Linux's abstract namespace; `/tmp/upper.sock` if nothing is said.
//!
//! It shows the handler of `tcp-upper-server`, word for word, on another transport; and that the server's file goes with it, and one that
//! a dead server left is replaced.
//!
//! ```text
//! cargo run --example unix-upper-server         # [--mixin sequential|threading|threadpool|forking|prefork|reactor] [ADDRESS]
//! printf 'hello\n' | nc -N -U /tmp/upper.sock                           # => HELLO
//! printf 'hello\nquit\n' | cargo run --example unix-upper-client        # => >>: HELLO
//! ```

use examples_support::{Result, run, serve};
use socketserver::prelude::*;

#[derive(Default)]
struct Upper;

impl KeepAliveRequestHandler for Upper {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let chunk = cx.rfile.fill_buf()?;
        let length = chunk.len();
        cx.wfile.write_all(&chunk.to_ascii_uppercase())?;
        cx.rfile.consume(length);
        Ok(KeepAlive::Yes) // until the client has finished
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
            ("reactor", |address| run(&ReactorUnixStreamServer::<Upper>::bind(address)?)),
        ],
    )
}
