//! A time server that standard NTP clients understand: the Simple Network Time Protocol of RFC 4330 and RFC 5905.
//!
//! It shows a binary protocol over UDP (`packet.rs`), and state that all handlers share (`clock.rs`). What is asked by no client, or is no
//! NTP, isn't answered; and no answer is longer than its question, so that nobody can use the server against others.
//!
//! It tells the time of this machine's own clock, and doesn't know whether somebody keeps that right. It says so as ntpd and chrony say it
//! of a clock of their own: see `clock.rs`.
//!
//! ```text
//! cargo run --example ntp-server               # [--mixin sequential|threadpool|prefork] [ADDRESS]; the port of NTP is 123
//! chronyd -Q -U 'server 127.0.0.1 port 8080 iburst maxsamples 1'         # prints how far off this machine's clock is: not at all
//! printf '\43%047d' 0 | nc -u -w1 127.0.0.1 8080 | xxd -l 4 -p           # => 240a30
//! ```

mod clock;
mod packet;

use clock::Clock;
use examples_support::{Result, run, serve};
use packet::Query;
use socketserver::{PreforkMixIn, ThreadPoolMixIn, prelude::*};

impl ServerHooks<Udp> for Clock {}

#[derive(Default)]
struct Ntp;

impl DatagramRequestHandler<Clock> for Ntp {
    fn handle(&mut self, cx: &mut DatagramContext<'_, Clock>) -> HandlerResult {
        let clock = cx.server.state();
        let received = clock.read()?; // before all else
        match Query::parse(cx.packet) {
            Some(query) => cx.wfile.extend(query.answer(clock, received, clock.read()?)),
            None => cx.no_reply(),
        }
        Ok(())
    }
}

fn main() -> Result {
    // No mix-in that hands a request on to somebody else: the time of its arrival would be told too late by what that takes.
    serve(
        "127.0.0.1:8080",
        &[
            ("sequential", |address| {
                let builder = UdpServer::<Ntp, socketserver::Sequential, Clock>::builder();
                run(&builder.state(Clock::measured()).bind(address)?)
            }),
            ("threadpool", |address| {
                let builder = UdpServer::<Ntp, ThreadPoolMixIn, Clock>::builder();
                run(&builder.state(Clock::measured()).bind(address)?)
            }),
            ("prefork", |address| {
                let builder = UdpServer::<Ntp, PreforkMixIn, Clock>::builder();
                run(&builder.state(Clock::measured()).bind(address)?)
            }),
        ],
    )
}
