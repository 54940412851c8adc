//! Draws a picture of a TCP connection from what tcpdump prints of it: text in, SVG out.
//!
//! It shows how the states of both ends follow from the segments that pass between them, by RFC 9293 and by nothing else.
//!
//! ```text
//! printf '09:30 IP a.40000 > b.80: Flags [S], seq 7, length 0' | cargo run --example handshake-picture    # => SYN-SENT
//! ```

mod capture;
mod state;
mod svg;

use capture::Segment;
use examples_support::Result;
use std::io;

fn main() -> Result {
    let segments: Vec<_> = io::read_to_string(io::stdin())?.lines().filter_map(Segment::parse).collect();
    print!("{}", svg::draw(&segments).ok_or("no connection is made in this capture")?);
    Ok(())
}
