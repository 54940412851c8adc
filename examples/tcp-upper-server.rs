//! A TCP server that answers in upper case: the smallest whole program.
//!
//! ```text
//! cargo run --example tcp-upper-server                      # [--mixin sequential|threading|forking] [ADDRESS]
//! printf 'hello\n' | nc -N 127.0.0.1 8080
//! ```

use examples_support::{Arguments, MixInName, Result, run};
use socketserver::prelude::*;

#[derive(Default)]
struct Upper;

impl BaseRequestHandler<TcpStream> for Upper {
    fn handle(&mut self, cx: &mut Context<'_, TcpStream>) -> HandlerResult {
        let mut buf = [0; 4096];
        loop {
            let n = cx.request.recv(&mut buf)?;
            if n == 0 {
                return Ok(()); // the client has finished
            }
            buf[..n].make_ascii_uppercase();
            cx.request.sendall(&buf[..n])?;
        }
    }
}

fn main() -> Result {
    let Arguments { mixin, address } = Arguments::of_server("127.0.0.1:8080");
    match mixin {
        MixInName::Sequential => run(&TcpServer::<Upper>::bind(&address)?),
        MixInName::Threading => run(&ThreadingTcpServer::<Upper>::bind(&address)?),
        MixInName::Forking => run(&ForkingTcpServer::<Upper>::bind(&address)?),
    }
}
