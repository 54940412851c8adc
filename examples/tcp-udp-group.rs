//! One service over TCP and over UDP, on the same port: a group of servers of different types, each served by a thread.
//!
//! It shows a handler type that is a handler of both, and `dyn BaseServer`, which every server is. A signal stops all of them, and
//! so does the end of one. The mix-ins are those without processes: a process that has threads, as one for each server, is not one to fork.
//!
//! ```text
//! cargo run --example tcp-udp-group            # [--mixin sequential|threading|threadpool] [ADDRESS]
//! printf 'hello\n' | nc -N 127.0.0.1 8080                               # => HELLO
//! printf 'hello\n' | nc -u -w1 127.0.0.1 8080                           # => HELLO
//! printf 'hello\nquit\n' | cargo run --example tcp-upper-client         # => >>: HELLO
//! printf 'hello\nquit\n' | cargo run --example udp-upper-client         # => >>: HELLO
//! ```

use examples_support::{Result, serve};
use socketserver::prelude::*;
use std::{io, thread, time::Duration};

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

impl DatagramRequestHandler for Upper {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        cx.wfile = cx.packet.to_ascii_uppercase();
        Ok(())
    }
}

/// Serves until a signal comes, or one of the servers ends; the others are stopped then.
fn run_all(group: &[&dyn BaseServer]) -> Result {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("warn"));
    let mut signals = Vec::new();
    for server in group {
        signals.push(server.shutdown_on_signals(Duration::from_secs(1))?);
    }
    // Whoever reads this may send a signal, which is for all of them.
    for server in group {
        writeln!(io::stdout(), "listening on {}", server.server_address())?;
    }
    let serve = |server: &dyn BaseServer| {
        let served = server.serve_forever();
        group.iter().for_each(|other| other.handle().request_shutdown());
        served
    };
    thread::scope(|scope| {
        let threads: Vec<_> = group.iter().map(|server| scope.spawn(|| serve(*server))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a server doesn't panic"))
    })?;
    Ok(())
}

fn main() -> Result {
    // Where the address asks for any port, UDP gets the one that TCP got.
    serve(
        "127.0.0.1:8080",
        &[
            ("sequential", |address| {
                let tcp = TcpServer::<Upper>::bind(address)?;
                let udp = UdpServer::<Upper>::bind(tcp.server_address())?;
                run_all(&[&tcp, &udp])
            }),
            ("threading", |address| {
                let tcp = ThreadingTcpServer::<Upper>::bind(address)?;
                let udp = ThreadingUdpServer::<Upper>::bind(tcp.server_address())?;
                run_all(&[&tcp, &udp])
            }),
            ("threadpool", |address| {
                let tcp = ThreadPoolTcpServer::<Upper>::bind(address)?;
                let udp = ThreadPoolUdpServer::<Upper>::bind(tcp.server_address())?;
                run_all(&[&tcp, &udp])
            }),
        ],
    )
}
