//! A chat: what one client says, all others in the room read.
//!
//! It shows the server's state (`room.rs`), which all handlers share, the hooks by which it takes part in the server's work, and
//! connections that are written to from elsewhere. The mix-in is threading, for all members talk at the same time, and a child process
//! would have a room of its own.
//!
//! ```text
//! cargo run --example shared-state-chat        # [ADDRESS]
//! nc 127.0.0.1 8080                            # in two terminals; say something in each, or /who, /ban 127.0.0.2, /quit
//! nc -s 127.0.0.2 127.0.0.1 8080               # is turned away now
//! printf '/who\n' | nc -N 127.0.0.1 8080                                # => in the room: guest
//! ```

mod room;

use examples_support::{Result, address, run};
use room::Room;
use socketserver::prelude::*;
use std::net::IpAddr;

/// The longest line in bytes; what is longer counts as several. Otherwise a client could fill our memory.
const LONGEST: u64 = 1000;

/// One member of the room.
#[derive(Default)]
struct Chat {
    number: u64,
}

impl StreamRequestHandler<Room> for Chat {
    fn setup(&mut self, cx: &mut StreamContext<'_, Room>) -> HandlerResult {
        self.number = cx.server.state().enter(cx.request, cx.client_address);
        cx.server.state().say(self.number, "has come");
        Ok(())
    }

    fn handle(&mut self, cx: &mut StreamContext<'_, Room>) -> HandlerResult {
        let room = cx.server.state();
        let mut line = Vec::new();
        while cx.rfile.by_ref().take(LONGEST).read_until(b'\n', &mut line)? > 0 {
            // No control characters: they could play tricks on the others' terminals.
            let text: String = String::from_utf8_lossy(&line).chars().filter(|it| !it.is_control()).collect();
            match text.split_once(' ').unwrap_or((&text, "")) {
                ("", "") => {}
                ("/quit", _) => break,
                ("/who", _) => writeln!(cx.wfile, "in the room: {}", room.who().join(", "))?,
                ("/ban", address) => match address.parse::<IpAddr>() {
                    Ok(address) => room.ban(self.number, address),
                    Err(_) => writeln!(cx.wfile, "/ban wants an IP address")?,
                },
                _ => room.say(self.number, &text),
            }
            line.clear();
        }
        Ok(())
    }

    fn finish(&mut self, cx: &mut StreamContext<'_, Room>) -> HandlerResult {
        cx.server.state().say(self.number, "has gone");
        cx.server.state().leave(self.number);
        Ok(())
    }
}

fn main() -> Result {
    let server = ThreadingTcpServer::<Chat, Room>::builder()
        .max_connections(Limit::reject(100))
        .bind(&*address("127.0.0.1:8080"))?;
    run(&server)
}
