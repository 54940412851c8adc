//! Wires that panic whatever they are asked, as those behind a lock do that a panic has poisoned: nobody else is concerned.

use crate::{
    clients::{Client, visit},
    util::{Recorder, Served, serve, wait_for},
};
use parking_lot::Mutex;
use socketserver::{
    Bind, BindOptions, Connection, Limit, MixIn, Outcome, PeerAddress, Refusal, Request, Runs, Sequential,
    Server, Socket, StreamRequest, ThreadPoolMixIn, ThreadingMixIn, Traffic, Transport, Wire, kind,
    prelude::*,
};
use std::{
    io,
    net::{Shutdown, SocketAddr},
    os::fd::BorrowedFd,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

/// Those of all connections, in the order in which these came.
type Spoilt = Arc<Mutex<Vec<Arc<State>>>>;

#[derive(Default)]
struct State {
    is_spoilt: AtomicBool,
    /// Reads that have begun.
    reads: AtomicUsize,
}

struct Cellar(Tcp, Spoilt, Arc<AtomicBool>);
struct Bottle(Arc<Cork>);
struct Cork(TcpStream, Arc<State>);

impl Cork {
    fn sound(&self) -> &TcpStream {
        assert!(!self.1.is_spoilt.load(SeqCst), "it is spoilt");
        &self.0
    }
}

impl Wire for Cork {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let stream = self.sound();
        self.1.reads.fetch_add(1, SeqCst);
        stream.recv(buf)
    }
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        self.sound().send(data)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.sound().shutdown(how)
    }
    fn socket(&self) -> Option<&Socket> {
        Some(self.sound())
    }
    fn traffic(&self) -> Traffic {
        self.sound().traffic()
    }
}

impl Request for Bottle {
    type Address = SocketAddr;
    fn connection(&self) -> Option<Connection> {
        self.0.sound();
        Some(Connection::new(self.0.clone()))
    }
}
impl StreamRequest for Bottle {
    fn connection(&self) -> Connection {
        Request::connection(self).unwrap()
    }
}

impl Transport for Cellar {
    type Request = Bottle;
    type Address = SocketAddr;
    fn get_request(&self) -> io::Result<(Bottle, PeerAddress<Self>)> {
        let (stream, peer) = self.0.get_request()?;
        let state = Arc::<State>::default();
        state.is_spoilt.store(self.2.swap(false, SeqCst), SeqCst);
        self.1.lock().push(state.clone());
        Ok((Bottle(Arc::new(Cork(stream, state))), peer))
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
    fn shutdown_request(request: &mut Bottle) {
        let _ = request.0.shutdown(Shutdown::Write); // the client may have gone
    }
}

/// The state.
#[derive(Clone, Default)]
struct House {
    spoilt: Spoilt,
    /// The next one is spoilt when it comes.
    next: Arc<AtomicBool>,
    /// The door spoils whom it turns away, which is the next.
    turns_away: Arc<AtomicBool>,
    recorder: Recorder,
}

impl House {
    fn spoil_last(&self) {
        self.spoilt.lock().last().unwrap().is_spoilt.store(true, SeqCst);
    }
}

impl ServerHooks<Cellar> for House {
    fn verify_request(&self, _: &Bottle, _: &SocketAddr) -> bool {
        let turns_away = self.turns_away.swap(false, SeqCst);
        if turns_away {
            self.spoil_last();
        }
        !turns_away
    }
}

/// Answers lines with themselves; after `spoil` the wire is spoilt, and after `hold` another line is waited for.
#[derive(Default)]
struct Echo;
impl StreamRequestHandler<House> for Echo {
    fn handle(&mut self, cx: &mut StreamContext<'_, House>) -> HandlerResult {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        cx.wfile.write_all(line.as_bytes())?;
        match line.trim() {
            "spoil" => cx.server.state().spoil_last(),
            "hold" => drop(cx.rfile.read_line(&mut line)?),
            _ => {}
        }
        Ok(())
    }
}

type Rooms<M> = Served<Server<Cellar, Echo, M, House>>;

/// With room for two at a time: no place is to be lost.
fn house<M: MixIn + Runs<kind::Stream>>(mixin: M) -> (House, Rooms<M>) {
    let house = House::default();
    let tcp = Tcp::server_bind("127.0.0.1:0", &BindOptions::default()).unwrap();
    let server = Server::<Cellar, Echo, M, House>::builder()
        .mixin(mixin)
        .state(house.clone())
        .observer(house.recorder.clone())
        .max_connections(Limit::backlog(2))
        .serve_on(Cellar(tcp, house.spoilt.clone(), house.next.clone()))
        .unwrap();
    (house, serve(server))
}

/// Two clients are served, and all that came have ended so.
fn goes_on<M: MixIn>(house: &House, server: Rooms<M>, mut ends: Vec<Outcome>) {
    wait_for("the end of who was spoilt", || house.recorder.outcomes().len() == ends.len()); // its client sees it before
    for _ in 0..2 {
        assert_eq!(visit(server.server_address(), b"hello\n"), b"hello\n");
    }
    wait_for("all ends", || house.recorder.outcomes().len() == ends.len() + 2);
    ends.extend([Outcome::Completed; 2]);
    assert_eq!(house.recorder.outcomes(), ends);
    wait_for("nobody to be inside", || server.stats().active == 0);
    assert_eq!(server.stats().accepted, ends.len() as u64);
    server.stop().unwrap();
}

fn one_that_is_spoilt_at_any_time<M: MixIn + Runs<kind::Stream>>(mixin: fn() -> M) {
    let (house, server) = house(mixin());
    house.next.store(true, SeqCst);
    assert_eq!(visit(server.server_address(), b""), b"", "when it comes");
    goes_on(&house, server, vec![Outcome::Panicked]);

    let (house, server) = self::house(mixin());
    house.turns_away.store(true, SeqCst);
    assert_eq!(visit(server.server_address(), b""), b"", "at the door");
    goes_on(&house, server, vec![Outcome::Refused(Refusal::VerifyRequest)]);

    let (house, server) = self::house(mixin());
    assert_eq!(visit(server.server_address(), b"spoil\n"), b"spoil\n", "when it is served");
    goes_on(&house, server, vec![Outcome::Completed]);

    let (house, server) = self::house(mixin());
    let mut lingers = Client::connect(server.server_address());
    lingers.send(&format!("hello\n{}", "more than is asked for ".repeat(1000)));
    assert_eq!(lingers.hear(), "hello");
    wait_for("it to linger", || lingers.try_hear().is_ok_and(|line| line.is_empty()));
    assert_eq!(server.stats().active, 1);
    house.spoil_last();
    wait_for("its end", || server.stats().active == 0);
    goes_on(&house, server, vec![Outcome::Completed]);
}

#[test]
fn a_wire_that_is_spoilt_ends_its_own_connection_and_not_the_loop() {
    one_that_is_spoilt_at_any_time(|| Sequential);
    one_that_is_spoilt_at_any_time(ThreadingMixIn::default);
    one_that_is_spoilt_at_any_time(ThreadPoolMixIn::default);
}

#[test]
fn who_lists_counts_or_ends_all_connections_gets_past_one_that_is_spoilt() {
    let (house, server) = house(ThreadingMixIn::default());
    let [mut spoilt, mut sound] = [(); 2].map(|()| {
        let mut client = Client::connect(server.server_address());
        assert_eq!(client.ask("hold"), "hold");
        client
    });
    wait_for("both to wait in a read", || house.spoilt.lock().iter().all(|it| it.reads.load(SeqCst) == 2));
    house.spoilt.lock()[0].is_spoilt.store(true, SeqCst);
    let handle = server.handle();
    let told: Vec<_> = handle.connections().iter().map(|it| it.traffic.bytes_in).collect();
    assert_eq!(told, [0, 5], "nothing is known of it");
    assert_eq!((handle.stats().active, handle.stats().bytes_in), (2, 5));
    let report = handle.shutdown(Duration::ZERO);
    assert_eq!((report.drained, report.forced), (0, 2));
    assert!(sound.try_hear().is_ok_and(|line| line.is_empty()), "it is ended");
    spoilt.finish();
    assert!(spoilt.try_hear().is_ok_and(|line| line.is_empty()));
    wait_for("the end", || server.stats().active == 0);
    server.stop().unwrap();
}
