//! Transports, mix-ins and addresses that panic when the loop asks them something: it goes on, it never spins, and it ends when it is told to.

use crate::{
    clients::{connect, rest, visit},
    util::{Recorder, Seen, Served, serve, wait_for},
};
use socketserver::{
    Address, Backlog, Bind, BindOptions, Connection, Handle, Handled, Job, Limit, MixIn, Outcome,
    PeerAddress, Request, Runs, Server, StreamRequest, Traffic, Transport, prelude::*,
};
use std::{
    fmt, io,
    net::{Shutdown, SocketAddr},
    os::fd::BorrowedFd,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

/// How many times each question is met by a panic from now on.
#[derive(Debug, Default)]
struct Moods([AtomicUsize; QUESTIONS.len()]);

const QUESTIONS: [&str; 7] =
    ["readiness", "has_prefetched", "is_ready", "wake_time", "wake_source", "into", "backlog"];
const OF_THE_LOOP: &[&str] = &["readiness", "has_prefetched", "is_ready", "wake_time", "wake_source"];
const FOR_EVER: usize = usize::MAX;

impl Moods {
    fn of(&self, question: &str) -> &AtomicUsize {
        &self.0[QUESTIONS.iter().position(|it| *it == question).unwrap()]
    }
    fn meet(&self, question: &str) {
        let left = self.of(question);
        let was = left.try_update(SeqCst, SeqCst, |left| match left {
            FOR_EVER => Some(FOR_EVER),
            left => left.checked_sub(1),
        });
        assert!(was.is_err(), "not now");
    }
}

struct Door(Tcp, Arc<Moods>);
struct Guest(TcpStream);

/// A peer whose name can't always be told.
struct Name(SocketAddr, Arc<Moods>);

impl Clone for Name {
    fn clone(&self) -> Self {
        Name(self.0, self.1.clone())
    }
}
impl From<Name> for Address {
    fn from(name: Name) -> Address {
        name.1.meet("into");
        name.0.into()
    }
}
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Request for Guest {
    type Address = Name;
    fn connection(&self) -> Option<Connection> {
        Request::connection(&self.0)
    }
    fn traffic(&self) -> Traffic {
        Request::traffic(&self.0)
    }
}
impl StreamRequest for Guest {
    fn connection(&self) -> Connection {
        StreamRequest::connection(&self.0)
    }
}

impl Transport for Door {
    type Request = Guest;
    type Address = SocketAddr;
    fn get_request(&self) -> io::Result<(Guest, PeerAddress<Self>)> {
        let (stream, peer) = self.0.get_request()?;
        Ok((Guest(stream), Name(peer, self.1.clone())))
    }
    fn has_prefetched(&self) -> bool {
        self.1.meet("has_prefetched");
        false
    }
    fn readiness(&self) -> BorrowedFd<'_> {
        self.1.meet("readiness");
        self.0.readiness()
    }
    fn backlog(&self) -> Option<usize> {
        self.1.meet("backlog");
        self.0.backlog()
    }
    fn server_address(&self) -> SocketAddr {
        self.0.server_address()
    }
    fn server_activate(&self, request_queue_size: i32) -> io::Result<()> {
        self.0.server_activate(request_queue_size)
    }
    fn shutdown_request(request: &mut Guest) {
        let _ = request.0.shutdown(Shutdown::Write); // the client may have gone
    }
}

struct Host(Arc<Moods>);

impl<Kind> Runs<Kind> for Host {}
impl MixIn for Host {
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        job.run();
    }
    fn is_ready(&self) -> bool {
        self.0.meet("is_ready");
        true
    }
    fn wake_time(&self) -> Option<Instant> {
        self.0.meet("wake_time");
        None
    }
    fn wake_source(&self) -> Option<BorrowedFd<'_>> {
        self.0.meet("wake_source");
        None
    }
}

#[derive(Default)]
struct Echo;
impl StreamRequestHandler for Echo {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        Ok(cx.wfile.write_all(line.as_bytes())?)
    }
}

struct House {
    moods: Arc<Moods>,
    recorder: Recorder,
    server: Served<Server<Door, Echo, Host>>,
}

impl House {
    /// With room for one at a time: no place is to be lost.
    fn new(backlog: Backlog) -> House {
        let (moods, recorder) = (Arc::<Moods>::default(), Recorder::default());
        let tcp = Tcp::server_bind("127.0.0.1:0", &BindOptions::default()).unwrap();
        let server = Server::<Door, Echo, Host>::builder()
            .mixin(Host(moods.clone()))
            .observer(recorder.clone())
            .backlog_at_shutdown(backlog)
            .max_connections(Limit::backlog(1))
            .serve_on(Door(tcp, moods.clone()))
            .unwrap();
        House { moods, recorder, server: serve(server) }
    }

    /// From now on, and so that the loop comes to it.
    fn is_in_a_mood(&self, question: &str, times: usize) {
        self.moods.of(question).store(times, SeqCst);
        self.server.handle().resume();
        self.server.handle().set_max_connections(Limit::backlog(1));
    }

    fn panics(&self, hook: &'static str) -> usize {
        let said = Seen::HookPanicked(hook, "not now".into());
        self.recorder.seen().iter().filter(|it| **it == said).count()
    }

    fn visit(&self) -> Vec<u8> {
        visit(self.server.server_address(), b"hello\n")
    }
}

fn visits(handle: &Handle) -> (u64, usize) {
    let stats = handle.stats();
    (stats.accepted, stats.active)
}

#[test]
fn the_loop_outlives_a_panic_of_whatever_it_asks() {
    for question in OF_THE_LOOP {
        let house = House::new(Backlog::Keep);
        assert_eq!(house.visit(), b"hello\n");
        house.is_in_a_mood(question, 3);
        // What has just been taken in may be lost with the loop's turn, but nobody waits for ever.
        let served = (0..4).filter(|_| house.visit() == b"hello\n").count();
        wait_for("all of the panics", || house.panics("accept") == 3);
        assert!(served >= 1, "{question}");
        assert_eq!(house.visit(), b"hello\n", "{question}");
        wait_for("the last end", || visits(&house.server.handle()) == (6, 0));
        assert_eq!(house.recorder.outcomes().len(), 6, "{question}");
        house.server.stop().unwrap();
    }
}

#[test]
fn one_that_panics_for_ever_makes_it_neither_spin_nor_miss_its_end() {
    for question in OF_THE_LOOP {
        let house = House::new(Backlog::Keep);
        assert_eq!(house.visit(), b"hello\n");
        let since = Instant::now();
        house.is_in_a_mood(question, FOR_EVER);
        wait_for("some panics", || house.panics("accept") >= 8);
        // The pauses before the eighth: 5, 10, 20, 40, 80 and two of 100.
        assert!(since.elapsed() >= Duration::from_millis(355), "{question}");
        house.server.stop().unwrap();
    }
}

#[test]
fn handle_request_comes_back_from_one_that_panics_for_ever() {
    for question in OF_THE_LOOP {
        let moods = Arc::<Moods>::default();
        let tcp = Tcp::server_bind("127.0.0.1:0", &BindOptions::default()).unwrap();
        let server = Server::<Door, Echo, Host>::builder()
            .mixin(Host(moods.clone()))
            .timeout(Duration::from_millis(1))
            .serve_on(Door(tcp, moods.clone()))
            .unwrap();
        moods.of(question).store(FOR_EVER, SeqCst);
        assert_eq!(server.handle_request().unwrap(), Handled::TimedOut, "{question}");
    }
}

#[test]
fn a_backlog_that_cant_be_counted_is_one_that_may_be_there() {
    for backlog in [Backlog::Serve, Backlog::Refuse] {
        let house = House::new(backlog);
        assert_eq!(house.visit(), b"hello\n");
        house.moods.of("backlog").store(FOR_EVER, SeqCst);
        house.server.handle().suspend();
        house.server.wait_until_asleep();
        let client = connect(house.server.server_address());
        client.sendall(b"hello\n").unwrap();
        house.server.handle().request_shutdown();
        house.server.join().unwrap();
        let expected: &[u8] = if backlog == Backlog::Serve { b"hello\n" } else { b"" };
        assert_eq!(rest(client), expected, "{backlog:?}");
        assert_eq!(house.recorder.outcomes().len(), 2, "{backlog:?}");
    }
}

#[test]
fn one_whose_name_cant_be_told_is_served_without_and_nobody_else_is_concerned() {
    let house = House::new(Backlog::Keep);
    house.moods.of("into").store(1, SeqCst);
    assert_eq!(house.visit(), b"hello\n");
    assert_eq!(house.panics("client_address"), 1);
    assert!(house.recorder.seen().contains(&Seen::Started(1, "(no name)".into())));
    house.moods.of("into").store(FOR_EVER, SeqCst);
    assert_eq!(house.visit(), b"", "its handler wants to know it");
    house.moods.of("into").store(0, SeqCst);
    assert_eq!(house.visit(), b"hello\n");
    wait_for("the last end", || house.recorder.outcomes().len() == 3);
    assert_eq!(house.recorder.outcomes(), [Outcome::Completed, Outcome::Panicked, Outcome::Completed]);
    wait_for("nobody to be inside", || house.server.stats().active == 0);
    house.server.stop().unwrap();
}
