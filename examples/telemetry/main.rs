//! A server that is observed in two ways at once: by `tracing`, whose spans it writes to stderr, and by `metrics`, whose numbers it shows
//! to a client that asks.
//!
//! It answers lines in upper case, and the line `metrics` with all numbers that aren't zero. On stderr stands what each server, connection and
//! request was, with its cause, its time and its bytes; and what the handler says itself stands within its request.
//!
//! ```text
//! cargo run --example telemetry                # [--mixin sequential|threading|threadpool|reactor] [ADDRESS]
//! printf 'hello\nmetrics\n' | nc -N 127.0.0.1 8080                      # => socketserver_requests_active 1
//! printf 'fail\n' | nc -N 127.0.0.1 8080; printf 'metrics\n' | nc -N 127.0.0.1 8080  # => socketserver_requests_ended_total{outcome="failed",reason="none"} 1
//! ```

mod board;

use board::Board;
use examples_support::{Result, run, serve};
use socketserver::{
    MetricsObserver, MixIn, ReactorMixIn, Runs, Sequential, ThreadPoolMixIn, ThreadingMixIn, TracingObserver,
    Transport, kind, prelude::*,
};

/// The server's state is what its handlers show.
impl<T: Transport> ServerHooks<T> for Board {}

/// As many bytes as a client may send without ending the line.
const LONGEST: u64 = 1000;

#[derive(Default)]
struct Upper;

impl KeepAliveRequestHandler<Board> for Upper {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Board>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        let length = (&mut cx.rfile).take(LONGEST + 1).read_line(&mut line)?;
        if length as u64 > LONGEST {
            return Err("a line without an end".into());
        }
        tracing::info!(length = line.len(), "a line");
        match line.trim() {
            "metrics" => write!(cx.wfile, "{}", cx.server.state())?,
            "fail" => return Err("as was asked".into()),
            _ => cx.wfile.write_all(line.to_uppercase().as_bytes())?,
        }
        Ok(KeepAlive::Yes)
    }
}

fn observed<M: MixIn + Runs<kind::KeepAlive> + Default>(address: &str) -> Result {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let board = Board::default();
    let metrics = MetricsObserver::default().register_with(&board);
    let server = TcpServer::<Upper, M, Board>::builder()
        .state(board)
        .observer((TracingObserver::default(), metrics))
        .bind(address)?;
    run(&server)
}

fn main() -> Result {
    serve(
        "127.0.0.1:8080",
        &[
            ("sequential", observed::<Sequential>),
            ("threading", observed::<ThreadingMixIn>),
            ("threadpool", observed::<ThreadPoolMixIn>),
            ("reactor", observed::<ReactorMixIn>),
        ],
    )
}
