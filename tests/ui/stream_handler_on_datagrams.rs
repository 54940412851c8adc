//! A stream handler on a datagram server.

use socketserver::prelude::*;

#[derive(Default)]
struct Upper;
impl StreamRequestHandler for Upper {
    fn handle(&mut self, _cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(())
    }
}

fn main() -> Result<(), ServerError> {
    UdpServer::<Upper>::bind("127.0.0.1:8080")?.serve_forever()
}
