//! A handler without `Default`, and no factory.

use socketserver::prelude::*;

struct Greet {
    greeting: String,
}
impl StreamRequestHandler for Greet {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(self.greeting.as_bytes())?)
    }
}

fn main() -> Result<(), ServerError> {
    TcpServer::<Greet>::bind("127.0.0.1:8080")?;
    TcpServer::<Greet>::builder().bind("127.0.0.1:8080")?;
    Ok(())
}
