//! A client of the upper servers over TCP: sends each line that is typed, prints the reply. `quit` ends it.
//!
//! ```text
//! cargo run --example tcp-upper-server
//! cargo run --example tcp-upper-client         # [ADDRESS]; type a line
//! printf 'hello\nquit\n' | cargo run --example tcp-upper-client         # => >>: HELLO
//! ```

use examples_support::{Result, address, converse, prompt};
use socketserver::TcpStream;

fn main() -> Result {
    let address = address("127.0.0.1:8080");
    let mut server =
        TcpStream::connect(&address).map_err(|error| format!("connect to {address}: {error}"))?;
    prompt(|line| converse(&mut server, line))
}
