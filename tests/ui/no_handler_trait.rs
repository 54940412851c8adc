//! A handler that implements no handler trait.

use socketserver::prelude::*;

#[derive(Default)]
struct Upper;

fn main() -> Result<(), ServerError> {
    ThreadingTcpServer::<Upper>::bind("127.0.0.1:8080")?.serve_forever()
}
