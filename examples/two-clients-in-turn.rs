//! Two clients, and a server without a mix-in: it serves them in turn.
//!
//! It shows what a plain `TcpServer` does, as the first server of every tutorial: while it talks with one client it has no time for
//! another. That one's connection is made nevertheless, by the system, and waits in its queue with what was said on it; nobody answers
//! until the first client leaves. `many-clients-at-once` has the same handler, and the cure.
//!
//! The program is both ends, and each step waits for the one before it: it prints the same every time.
//!
//! ```text
//! cargo run --example two-clients-in-turn                               # => server: now serves client 2
//! ```

use examples_support::{
    Result,
    talk::{Client, TalkServer, serve_during},
};

fn main() -> Result {
    let server: TalkServer = TalkServer::bind("127.0.0.1:0")?;
    serve_during(&server, |address| {
        let first = Client::comes(1, address, "hello")?;
        first.hears()?;
        let second = Client::comes(2, address, "is anybody there?")?;
        first.says("take your time")?; // the server does
        first.hears()?;
        first.leaves()?;
        second.hears()?; // at last
        second.leaves()
    })
}
