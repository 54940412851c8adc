//! A TCP server that answers in upper case, byte for byte, for as long as the client sends.
//!
//! It shows a handler that runs under every mix-in, since it says where one request ends and the next begins: here each chunk
//! that arrives is one.
//!
//! ```text
//! cargo run --example tcp-upper-server         # [--mixin sequential|threading|threadpool|forking|prefork|reactor] [ADDRESS]
//! printf 'hello\n' | nc -N 127.0.0.1 8080                               # => HELLO
//! printf 'hello\nquit\n' | cargo run --example tcp-upper-client         # => >>: HELLO
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
        "127.0.0.1:8080",
        &[
            ("sequential", |address| run(&TcpServer::<Upper>::bind(address)?)),
            ("threading", |address| run(&ThreadingTcpServer::<Upper>::bind(address)?)),
            ("threadpool", |address| run(&ThreadPoolTcpServer::<Upper>::bind(address)?)),
            ("forking", |address| run(&ForkingTcpServer::<Upper>::bind(address)?)),
            ("prefork", |address| run(&PreforkTcpServer::<Upper>::bind(address)?)),
            ("reactor", |address| run(&ReactorTcpServer::<Upper>::bind(address)?)),
        ],
    )
}
