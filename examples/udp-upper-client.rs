//! A client of `udp-upper-server`: sends each line that is typed as one datagram, prints the reply. `quit` ends it.
//!
//! ```text
//! cargo run --example udp-upper-server
//! cargo run --example udp-upper-client         # [ADDRESS]; type a line
//! printf 'hello\nquit\n' | cargo run --example udp-upper-client         # => >>: HELLO
//! ```

use examples_support::{Result, address, ask_over_udp, prompt};

fn main() -> Result {
    prompt(ask_over_udp(&address("127.0.0.1:8080"))?)
}
