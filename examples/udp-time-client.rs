//! A client of `udp-time-server`: sends each line that is typed as a format, prints the time in it. `quit` ends it.
//!
//! ```text
//! cargo run --example udp-time-server
//! cargo run --example udp-time-client          # [ADDRESS]; type a format, such as %Y-%m-%d %X
//! printf 'year %%Y\nquit\n' | cargo run --example udp-time-client        # => >>: year 2
//! ```

use examples_support::{Result, address, ask_over_udp, prompt};

fn main() -> Result {
    prompt(ask_over_udp(&address("127.0.0.1:8080"))?)
}
