//! A client of `unix-upper-server`: sends each line that is typed, prints the reply. `quit` ends it.
//!
//! ```text
//! cargo run --example unix-upper-server
//! cargo run --example unix-upper-client         # [ADDRESS]: a path or @name; type a line
//! printf 'hello\nquit\n' | cargo run --example unix-upper-client        # => >>: HELLO
//! ```

use examples_support::{Result, address, converse, prompt};
use socketserver::net::UnixStream;

fn main() -> Result {
    let address = address("/tmp/upper.sock");
    let mut server =
        UnixStream::connect(&address).map_err(|error| format!("connect to {address}: {error}"))?;
    prompt(|line| converse(&mut server, line))
}
