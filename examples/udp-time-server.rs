//! A time server over UDP: a datagram with a format of `strftime` is answered by this machine's local time in that format.
//!
//! It shows datagrams as questions that stand alone: each is one request, no connection is kept, and what can't be answered is told in
//! the reply. An empty datagram, which UDP can carry and a stream can't, asks for the usual format.
//!
//! The sender of a datagram may be anybody who writes somebody else's address on it. So the reply is short, however long it was asked to
//! be: nobody can have this server shout at others.
//!
//! ```text
//! cargo run --example udp-time-server          # [--mixin sequential|threading|threadpool|forking|prefork] [ADDRESS]
//! printf 'year %%Y' | nc -u -w1 127.0.0.1 8080                           # => year 2
//! printf '%%!' | nc -u -w1 127.0.0.1 8080                                # => error: bad format
//! printf '%%Y-%%m-%%d %%X\nquit\n' | cargo run --example udp-time-client    # => >>: 2
//! ```

use examples_support::{Result, run, serve};
use jiff::{
    Zoned,
    fmt::strtime::{BrokenDownTime, Config, PosixCustom},
};
use socketserver::prelude::*;

/// The longest format, and the longest reply, in bytes.
const LONGEST: usize = 512;

/// What an empty format means.
const USUAL: &str = "%Y-%m-%d %X";

#[derive(Default)]
struct Time;

impl DatagramRequestHandler for Time {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        let format = if cx.is_truncated { Err("the format is too long".into()) } else { Ok(cx.packet) };
        match format.and_then(local_time) {
            Ok(time) => cx.wfile.write_all(time.as_bytes())?,
            Err(problem) => write!(cx.wfile, "error: {problem}")?,
        }
        Ok(())
    }
}

/// The local time in a format that may be anything; or what is wrong with it. Python's `time.strftime`, but for the wrong formats: what
/// Python makes of those depends on the system.
fn local_time(format: &[u8]) -> HandlerResult<String> {
    let format = match format {
        b"" => USUAL,
        _ => str::from_utf8(format).map_err(|error| format!("bad format: {error}"))?,
    };
    let mut time = String::new();
    // As in the C locale: what `%X` and `%c` are is the same everywhere.
    BrokenDownTime::from(&Zoned::now())
        .format_with_config(&Config::new().custom(PosixCustom::new()), format, &mut time)
        .map_err(|error| format!("bad format: {error}"))?;
    if time.len() > LONGEST {
        return Err(format!("the time in this format is longer than {LONGEST} bytes").into());
    }
    Ok(time)
}

fn main() -> Result {
    serve(
        "127.0.0.1:8080",
        &[
            ("sequential", |address| {
                run(&UdpServer::<Time>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("threading", |address| {
                run(&ThreadingUdpServer::<Time>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("threadpool", |address| {
                run(&ThreadPoolUdpServer::<Time>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("forking", |address| {
                run(&ForkingUdpServer::<Time>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
            ("prefork", |address| {
                run(&PreforkUdpServer::<Time>::builder().max_packet_size(LONGEST).bind(address)?)
            }),
        ],
    )
}
