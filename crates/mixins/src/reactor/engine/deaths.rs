//! Workers that die: of a panic where nothing guards them, which is nobody's business but the engine's.

use super::{
    Engine, Settings,
    guest::{Guest, Step},
};
use socketserver_handlers::{Buffers, HandlerResult};
use socketserver_net::{Deadline, StreamRequest, UnixStream};
use std::{io, os::unix::net, time::Duration};

/// Sends back each byte. After a `p` whoever looks after it dies.
struct Fatal {
    socket: UnixStream,
    last: u8,
}

impl Guest for Fatal {
    fn start(&mut self, _: &mut Buffers) -> Step {
        Step::Park
    }
    fn advance(&mut self, _: &mut Buffers) -> Step {
        let mut byte = [0];
        match self.socket.recv(&mut byte) {
            Ok(1) => self.last = byte[0],
            _ => return Step::End(Ok(())),
        }
        let _ = self.socket.sendall(&byte);
        Step::Park
    }
    fn patience(&self) -> Option<(Duration, Deadline)> {
        assert_ne!(self.last, b'p', "as told");
        None
    }
    fn has_arrived(&self) -> bool {
        self.socket.has_arrived()
    }
    fn is_draining(&self) -> bool {
        false
    }
    fn end(self: Box<Self>, _: HandlerResult, _: &mut Buffers) {}
    fn refuse(self: Box<Self>, _: io::Error) {}
}

fn admit(engine: &Engine) -> UnixStream {
    let (here, there) = net::UnixStream::pair().unwrap();
    let socket = UnixStream::from(here);
    let wire = socket.connection().downgrade();
    engine.reactor().unwrap().admit(Box::new(Fatal { socket, last: 0 }), wire);
    let there = UnixStream::from(there);
    there.settimeout(Some(Duration::from_secs(30)));
    there
}

fn ask(client: &UnixStream, byte: u8) {
    client.sendall(&[byte]).unwrap();
    let mut answer = [0];
    assert_eq!(client.recv(&mut answer).unwrap(), 1);
    assert_eq!(answer, [byte]);
}

/// With a worker in reserve and without.
#[test]
fn a_worker_that_dies_is_replaced_and_takes_one_connection_along() {
    for max_workers in [1, 3] {
        let engine = Engine::new(Settings {
            workers: 1,
            max_workers,
            stack_size: None,
            thread_name: String::new(),
            block_on_close: true,
        });
        let good = admit(&engine);
        // More than there may be threads.
        for _ in 0..5 {
            let bad = admit(&engine);
            ask(&good, b'x');
            ask(&bad, b'p');
            assert_eq!(bad.recv(&mut [0]).unwrap(), 0, "it is closed");
            ask(&good, b'y');
        }
        engine.close();
        assert_eq!(good.recv(&mut [0]).unwrap(), 0);
        assert_eq!((engine.threads(), engine.parked()), (0, 0));
    }
}
