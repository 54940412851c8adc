//! Threads that die of a panic outside all guards, in a wire of the user's own: another takes over, and the connection is accounted for.

use super::house::Client;
use crate::util::{GUARD, Recorder, in_time, serve, wait_for};
use socketserver::{
    Bind, BindOptions, Child, Connection, Event, Limit, Observer, Outcome, PeerAddress, ReactorMixIn,
    Request, Server, Socket, StreamRequest, Transport, Wire, prelude::*,
};
use std::{
    cell::Cell,
    io,
    net::{Shutdown, SocketAddr},
    os::fd::BorrowedFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

/// Set, whoever asks a wire for its socket next panics, once.
type Trap = Arc<AtomicBool>;

thread_local! {
    /// The handler that this thread runs wants it to die.
    static IS_WANTED: Cell<bool> = const { Cell::new(false) };
    /// A trap for this thread alone: another one may still be about to let a connection wait that it has answered.
    static OWN_TRAP: Cell<bool> = const { Cell::new(false) };
}

struct Brittle(Tcp, Trap);
struct Visitor(Arc<Glass>);
struct Glass(TcpStream, Trap);

impl Wire for Glass {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf)
    }
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        self.0.send(data)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }
    fn socket(&self) -> Option<&Socket> {
        assert!(!OWN_TRAP.take() && !self.1.swap(false, SeqCst), "as told");
        Some(&self.0)
    }
}

impl Request for Visitor {
    type Address = SocketAddr;
    fn connection(&self) -> Option<Connection> {
        Some(StreamRequest::connection(self))
    }
}
impl StreamRequest for Visitor {
    fn connection(&self) -> Connection {
        Connection::new(self.0.clone())
    }
}

impl Transport for Brittle {
    type Request = Visitor;
    type Address = SocketAddr;
    fn get_request(&self) -> io::Result<(Visitor, PeerAddress<Self>)> {
        let (stream, peer) = self.0.get_request()?;
        Ok((Visitor(Arc::new(Glass(stream, self.1.clone()))), peer))
    }
    fn readiness(&self) -> BorrowedFd<'_> {
        self.0.readiness()
    }
    fn server_address(&self) -> SocketAddr {
        self.0.server_address()
    }
    fn server_activate(&self, request_queue_size: i32) -> io::Result<()> {
        self.0.server_activate(request_queue_size)
    }
    fn shutdown_request(request: &mut Visitor) {
        let _ = request.0.shutdown(Shutdown::Write); // the client may have gone
    }
    fn close_in_child(&self, child: &Child) {
        self.0.close_in_child(child);
    }
}

/// Answers each line with itself, and `wait` with the next line as well.
#[derive(Default)]
struct Echo;
impl KeepAliveRequestHandler<Dying> for Echo {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Dying>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        if line == "wait\n" {
            OWN_TRAP.set(true);
            cx.rfile.read_line(&mut line)?;
        }
        cx.wfile.write_all(line.as_bytes())?;
        IS_WANTED.set(line == "die\n");
        Ok(KeepAlive::Yes)
    }
}

/// The state, and an observer that sets the trap when a handler that wanted so has been left: what comes next is to let its connection wait.
#[derive(Clone, Default)]
struct Dying {
    trap: Trap,
    recorder: Recorder,
}
impl ServerHooks<Brittle> for Dying {}
impl Observer for Dying {
    fn event(&self, event: &Event<'_>) {
        self.recorder.event(event);
    }
    fn leave(&self, _: u64) {
        if IS_WANTED.take() {
            OWN_TRAP.set(true);
        }
    }
}

/// A server with room for two at a time: who died mustn't keep a place.
fn house(
    dying: &Dying,
    threads: (usize, usize),
    idle: Option<Duration>,
) -> Server<Brittle, Echo, ReactorMixIn, Dying> {
    let tcp = Tcp::server_bind("127.0.0.1:0", &BindOptions::default()).unwrap();
    Server::<Brittle, Echo, ReactorMixIn, Dying>::builder()
        .mixin(ReactorMixIn::default().workers(threads.0).max_workers(threads.1))
        .state(dying.clone())
        .observer(dying.clone())
        .max_connections(Limit::backlog(2))
        .idle_timeout(idle)
        .serve_on(Brittle(tcp, dying.trap.clone()))
        .unwrap()
}

/// With a thread in reserve and without; more often than there may be threads.
#[test]
fn a_thread_that_dies_is_replaced_and_its_connection_is_counted() {
    for threads in [(1, 1), (2, 4)] {
        let dying = Dying::default();
        let server = serve(house(&dying, threads, None));
        let mut good = Client::connect(server.server_address());
        for round in 1..=6 {
            let mut bad = Client::connect(server.server_address());
            assert_eq!(good.ask("before"), "before");
            assert_eq!(bad.ask("die"), "die", "what it was answered has been sent");
            bad.expect_end();
            assert_eq!(good.ask("after"), "after");
            wait_for("the end to be told", || dying.recorder.outcomes().len() == round);
            wait_for("the place to be given back", || server.stats().active == 1);
        }
        assert_eq!(dying.recorder.outcomes(), [Outcome::Panicked; 6]);
        wait_for("it to wait", || server.mixin().parked() == 1);
        wait_for("the dead to be forgotten", || server.mixin().threads() <= threads.1);
        let report = server.handle().shutdown(GUARD);
        assert_eq!((report.drained, report.forced), (1, 0), "{report:?}");
        good.expect_end();
        server.server_close();
        assert_eq!((server.mixin().threads(), server.mixin().parked()), (0, 0));
        let stats = server.stats();
        assert_eq!((stats.accepted, stats.completed, stats.active), (7, 1, 0), "{stats:?}");
    }
}

/// In the look whether something has arrived on a connection that was silent for too long.
#[test]
fn one_that_dies_of_a_connection_that_waits_is_replaced_too() {
    in_time(Duration::from_millis(50), |idle| {
        let dying = Dying::default();
        let server = serve(house(&dying, (1, 1), Some(idle)));
        for round in 1..=6 {
            let silent = Client::connect(server.server_address());
            wait_for("it to wait", || {
                server.mixin().parked() == 1 || dying.recorder.outcomes().len() == round
            });
            dying.trap.store(true, SeqCst);
            silent.expect_end();
            wait_for("the end to be told", || dying.recorder.outcomes().len() == round);
            wait_for("all to have ended", || server.stats().active == 0 && server.mixin().parked() == 0);
            dying.trap.store(false, SeqCst);
        }
        wait_for("the dead to be forgotten", || server.mixin().threads() == 1);
        server.server_close();
        assert_eq!(server.mixin().threads(), 0);
        // On a busy machine each may have ended before the trap was set.
        dying.recorder.outcomes().contains(&Outcome::Panicked)
    });
}

/// In the moment in which a handler begins to wait, and the thread leaves its seat to another.
#[test]
fn one_that_panics_as_its_handler_begins_to_wait_leaves_nobody_else_waiting() {
    // On a busy machine the watch may be faster, and give the seat away before.
    let mut outcomes = (0..20).map(|_| panics_as_its_handler_begins_to_wait());
    let last = outcomes.find(|it| *it != Outcome::Panicked);
    assert_eq!(last, Some(Outcome::Failed), "it panicked in a read");
}

fn panics_as_its_handler_begins_to_wait() -> Outcome {
    let dying = Dying::default();
    let server = serve(house(&dying, (1, 4), None));
    let mut bad = Client::connect(server.server_address());
    bad.say("wait");
    let mut good = Client::connect(server.server_address());
    for _ in 0..3 {
        assert_eq!(good.ask("meanwhile"), "meanwhile");
    }
    assert_eq!(server.stats().active, 2);
    bad.say("enough");
    assert_eq!((bad.hear(), bad.hear()), ("wait".into(), "enough".into()));
    bad.expect_end(); // it can't be made to wait again
    assert_eq!(good.ask("after"), "after");
    wait_for("the end to be told", || dying.recorder.outcomes().len() == 1);
    dying.recorder.outcomes()[0]
}
