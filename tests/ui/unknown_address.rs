//! An address of a type that the transport doesn't know.

use socketserver::prelude::*;

#[derive(Default)]
struct Upper;
impl StreamRequestHandler for Upper {
    fn handle(&mut self, _cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(())
    }
}

fn main() -> Result<(), ServerError> {
    TcpServer::<Upper>::bind(8080)?;
    UnixStreamServer::<Upper>::bind(("127.0.0.1", 8080))?;
    Ok(())
}
