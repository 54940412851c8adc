//! A state that handlers on several threads can't share: its parts can be changed without a lock.

use socketserver::prelude::*;
use std::cell::RefCell;

#[derive(Default)]
struct Room {
    members: RefCell<Vec<String>>,
}
impl ServerHooks<Tcp> for Room {}

#[derive(Default)]
struct Chat;
impl StreamRequestHandler<Room> for Chat {
    fn handle(&mut self, cx: &mut StreamContext<'_, Room>) -> HandlerResult {
        cx.server.state().members.borrow_mut().push(cx.client_address.to_string());
        Ok(())
    }
}

fn main() -> Result<(), ServerError> {
    ThreadingTcpServer::<Chat, Room>::bind("127.0.0.1:8080")?.serve_forever()
}
