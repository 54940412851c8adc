//! A state without `Default`, and none given.

use socketserver::prelude::*;

struct Room {
    name: String,
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
    ThreadingTcpServer::<Chat, Room>::bind("127.0.0.1:8080")?;
    ThreadingTcpServer::<Chat, Room>::builder().bind("127.0.0.1:8080")?;
    Ok(())
}
