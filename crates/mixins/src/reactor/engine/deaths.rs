//! Workers that die: of a panic where nothing guards them, which is nobody's business but the engine's.

use super::{
    Engine, Settings,
    guest::{Guest, Step},
};
use socketserver_handlers::{Buffers, HandlerResult};
use socketserver_net::{Deadline, StreamRequest, UnixStream};
use std::{
    io,
    os::unix::net,
    thread,
    time::{Duration, Instant},
};

/// Sends back each byte. After a `p` whoever looks after it dies when it is to wait, after a `q` when it has waited for too long.
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
        (self.last == b'q').then_some((Duration::from_millis(1), Deadline::Idle))
    }
    fn has_arrived(&self) -> bool {
        assert_ne!(self.last, b'q', "as told");
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

/// Waits until so many connections have a place.
fn wait_for_load(engine: &Engine, load: usize) {
    let (shard, begun) = (&engine.reactor().unwrap().shards[0], Instant::now());
    while shard.load() != load {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} have a place", shard.load());
        thread::sleep(Duration::from_millis(1));
    }
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
        for death in *b"ppppqqqq" {
            let bad = admit(&engine);
            ask(&good, b'x');
            ask(&bad, death);
            assert_eq!(bad.recv(&mut [0]).unwrap(), 0, "it is closed");
            ask(&good, b'y');
            wait_for_load(&engine, 1);
        }
        engine.close();
        assert_eq!(good.recv(&mut [0]).unwrap(), 0);
        assert_eq!((engine.threads(), engine.parked()), (0, 0));
    }
}
