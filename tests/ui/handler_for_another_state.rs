//! A handler that wants a state which the server doesn't have.

use socketserver::prelude::*;

#[derive(Default)]
struct Room;
impl ServerHooks<Tcp> for Room {}

#[derive(Default)]
struct Chat;
impl StreamRequestHandler<Room> for Chat {
    fn handle(&mut self, _cx: &mut StreamContext<'_, Room>) -> HandlerResult {
        Ok(())
    }
}

fn main() -> Result<(), ServerError> {
    ThreadingTcpServer::<Chat>::bind("127.0.0.1:8080")?.serve_forever()
}
