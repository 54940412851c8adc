//! Many clients, and a server with a thread for each of them: it serves all at once.
//!
//! It shows the step from a plain server to one with a mix-in, which is one word in the type. The handler is that of
//! `two-clients-in-turn`, where a second client waits until the first one leaves; here none waits for another, and who came last may be
//! answered first.
//!
//! The program is both ends, and each step waits for the one before it: it prints the same every time.
//!
//! ```text
//! cargo run --example many-clients-at-once                              # => client 5: hears "STILL HERE"
//! ```

use examples_support::{
    Result,
    talk::{Client, TalkServer, serve_during},
};
use socketserver::ThreadingMixIn;

fn main() -> Result {
    let server = TalkServer::<ThreadingMixIn>::bind("127.0.0.1:0")?;
    serve_during(&server, |address| {
        let mut clients = Vec::new();
        for number in 1..=5 {
            let client = Client::comes(number, address, "hello")?;
            client.hears()?; // though those before are still there
            clients.push(client);
        }
        for client in clients.iter().rev() {
            client.says("still here")?;
            client.hears()?;
        }
        clients.into_iter().try_for_each(Client::leaves)
    })
}
