//! A datagram handler on a server of connections.

use socketserver::prelude::*;

#[derive(Default)]
struct Time;
impl DatagramRequestHandler for Time {
    fn handle(&mut self, _cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(())
    }
}

fn main() -> Result<(), ServerError> {
    ThreadingUnixStreamServer::<Time>::bind("/tmp/time")?.serve_forever()
}
