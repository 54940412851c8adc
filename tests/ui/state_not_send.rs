//! A state that handlers on several threads can't share: its parts are counted without atomics.

use socketserver::prelude::*;
use std::rc::Rc;

#[derive(Default)]
struct Room {
    name: Rc<str>,
}
impl ServerHooks<Tcp> for Room {}

#[derive(Default)]
struct Chat;
impl StreamRequestHandler<Room> for Chat {
    fn handle(&mut self, cx: &mut StreamContext<'_, Room>) -> HandlerResult {
        Ok(cx.wfile.write_all(cx.server.state().name.as_bytes())?)
    }
}

fn main() -> Result<(), ServerError> {
    ThreadingTcpServer::<Chat, Room>::bind("127.0.0.1:8080")?.serve_forever()
}
