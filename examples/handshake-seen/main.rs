//! Both ends of one TCP connection in one program: each call is made when you type it, and the states that follow are shown.
//!
//! It shows what the system does at each call: the handshake is done before `accept`, a close by one end is half a close, and who closes
//! first is in TIME-WAIT afterwards. While it waits for the next line, `ss -tan` in another terminal shows the same.
//!
//! ```text
//! printf 'client connect\nquit\n' | cargo run --example handshake-seen -- 127.0.0.1:0    # => client: ESTAB
//! printf 'help\n' | cargo run --example handshake-seen -- 127.0.0.1:0                    # => client|server
//! ```

mod ends;
mod states;

use ends::Ends;
use examples_support::{Result, address, prompt};

fn main() -> Result {
    let mut ends = Ends::listen(&address("127.0.0.1:8080"))?;
    println!("{}", ends.states()?);
    prompt(|line| {
        // What fails is said, and the connection stays as it is.
        let answer = ends.call(&String::from_utf8_lossy(line)).and_then(|()| ends.states());
        Ok(answer.unwrap_or_else(|error| format!("{error:?}")).into_bytes())
    })
}
