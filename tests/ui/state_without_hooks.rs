//! A state that isn't said to be one.

use socketserver::prelude::*;

#[derive(Default)]
struct Room;

#[derive(Default)]
struct Chat;
impl StreamRequestHandler<Room> for Chat {
    fn handle(&mut self, _cx: &mut StreamContext<'_, Room>) -> HandlerResult {
        Ok(())
    }
}

fn main() -> Result<(), ServerError> {
    ThreadingTcpServer::<Chat, Room>::bind("127.0.0.1:8080")?.serve_forever()
}
