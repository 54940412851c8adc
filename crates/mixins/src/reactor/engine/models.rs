//! The reactor's threads among themselves, in all orders: see `core/models` of the server's crate. No connection is forgotten, none is
//! run by two, and all threads go home. The clock of the watch ticks whenever it likes, so that it takes the seat from a worker at any point.
//!
//! ```sh
//! RUSTFLAGS='--cfg loom' cargo test -p socketserver-mixins --lib --release --target-dir target/loom -- models
//! ```

use super::{
    Engine, Settings,
    guest::{Guest, Step},
};
use rustix::event::{PollFd, PollFlags, poll};
use socketserver_handlers::{Buffers, HandlerResult};
use socketserver_net::{Deadline, StreamRequest, UnixStream};
use socketserver_sys::sync::{call, loom::model::Builder, waiting_call, waking_call};
use std::{
    io,
    net::Shutdown,
    os::unix::net,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(builder.preemption_bound.unwrap_or(preemptions).min(preemptions));
    builder.max_branches = 10_000;
    builder.check(model);
}

/// What has been done for a connection.
#[derive(Debug, Default)]
struct Seen {
    running: AtomicUsize,
    started: AtomicUsize,
    served: AtomicUsize,
    ended: AtomicUsize,
}

impl Seen {
    /// How often it was started, served and ended.
    fn counts(&self) -> [usize; 3] {
        [&self.started, &self.served, &self.ended].map(|it| it.load(SeqCst))
    }
}

/// A connection whose handler reads a byte for each request.
struct Visitor {
    /// Until the end.
    socket: Option<UnixStream>,
    seen: Arc<Seen>,
}

impl Visitor {
    fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        assert_eq!(self.seen.running.fetch_add(1, SeqCst), 0, "two run it");
        let result = code();
        call(|| ()); // others may come in between
        self.seen.running.fetch_sub(1, SeqCst);
        result
    }
}

impl Guest for Visitor {
    fn start(&mut self, _: &mut Buffers) -> Step {
        self.run(|| self.seen.started.fetch_add(1, SeqCst));
        Step::Park
    }
    fn advance(&mut self, _: &mut Buffers) -> Step {
        let socket = self.socket.as_ref().unwrap();
        match self.run(|| waking_call(|| socket.recv(&mut [0])).unwrap()) {
            0 => Step::End(Ok(())),
            _ => {
                self.seen.served.fetch_add(1, SeqCst);
                Step::Park
            }
        }
    }
    fn patience(&self) -> Option<(Duration, Deadline)> {
        None
    }
    fn has_arrived(&self) -> bool {
        self.socket.as_ref().unwrap().has_arrived()
    }
    fn is_draining(&self) -> bool {
        false
    }
    fn end(mut self: Box<Self>, _: HandlerResult, _: &mut Buffers) {
        self.run(|| self.seen.ended.fetch_add(1, SeqCst));
        waking_call(|| self.socket.take());
    }
    fn refuse(self: Box<Self>, _: io::Error) {
        self.seen.ended.fetch_add(1, SeqCst);
    }
}

fn engine() -> Engine {
    Engine::new(Settings {
        workers: 1,
        max_workers: 2,
        stack_size: None,
        thread_name: String::new(),
        block_on_close: true,
    })
}

/// A connection comes in.
fn admit(engine: &Engine, socket: UnixStream) -> Arc<Seen> {
    let (wire, seen) = (socket.connection().downgrade(), Arc::<Seen>::default());
    let guest = Visitor { socket: Some(socket), seen: seen.clone() };
    engine.reactor().unwrap().admit(Box::new(guest), wire);
    seen
}

fn pair() -> (UnixStream, UnixStream) {
    let (here, there) = net::UnixStream::pair().unwrap();
    (here.into(), there.into())
}

fn wait_for_the_end(client: &UnixStream) {
    let look = || poll(&mut [PollFd::new(&**client, PollFlags::IN)], Some(&Default::default()));
    waiting_call(|| look().ok().filter(|ready| *ready > 0));
    assert_eq!(client.recv(&mut [0]).unwrap(), 0);
}

#[test]
fn a_request_is_served_once_and_a_client_that_leaves_is_seen() {
    explore(2, || {
        let (engine, (here, there)) = (engine(), pair());
        let seen = admit(&engine, here);
        waking_call(|| there.sendall(b"x")).unwrap();
        waking_call(|| there.shutdown(Shutdown::Write)).unwrap();
        wait_for_the_end(&there);
        assert_eq!(seen.counts(), [1, 1, 1]);
        engine.close();
        assert_eq!((engine.threads(), engine.parked()), (0, 0));
    });
}

#[test]
fn a_close_ends_those_who_wait_and_those_who_have_just_come_and_all_threads_go_home() {
    explore(2, || {
        let (engine, (first, _client), (second, _other)) = (engine(), pair(), pair());
        let seen = [admit(&engine, first), admit(&engine, second)];
        engine.close();
        assert_eq!((engine.threads(), engine.parked()), (0, 0));
        for seen in seen {
            assert_eq!(seen.counts()[2], 1, "{seen:?}");
        }
    });
}
