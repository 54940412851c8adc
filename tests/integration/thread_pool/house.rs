//! A server whose handlers stay until their client goes, and tell who they are.

pub(super) use crate::clients::Client;
use crate::util::{Served, serve};
use parking_lot::Mutex;
use socketserver::{Event, Observer, Server, ServerBuilder, ThreadPoolMixIn, prelude::*};
use std::{
    fs,
    net::SocketAddr,
    sync::{
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, ThreadId},
    time::Duration,
};

/// The state: what the hooks have seen.
#[derive(Default)]
pub(super) struct House {
    /// The threads that verified a request, and those that ran a handler, in pairs if a thread serves what it accepts.
    pub(super) verified_by: Mutex<Vec<ThreadId>>,
    pub(super) served_by: Mutex<Vec<ThreadId>>,
    pub(super) ticked_by: Mutex<Vec<ThreadId>>,
    inside: AtomicUsize,
    pub(super) most_inside: AtomicUsize,
}

impl ServerHooks<Tcp> for House {
    fn verify_request(&self, _: &TcpStream, _: &SocketAddr) -> bool {
        self.verified_by.lock().push(thread::current().id());
        true
    }
    fn reject_request(&self, request: &mut TcpStream, _: &SocketAddr) {
        let _ = request.sendall(b"full");
    }
    fn service_actions(&self) {
        self.ticked_by.lock().push(thread::current().id());
    }
}

/// Says the name of its thread for each line, or does what the line says.
#[derive(Default)]
pub(super) struct Guest;

impl StreamRequestHandler<House> for Guest {
    fn handle(&mut self, cx: &mut StreamContext<'_, House>) -> HandlerResult {
        let house = cx.server.state();
        house.served_by.lock().push(thread::current().id());
        house.most_inside.fetch_max(house.inside.fetch_add(1, SeqCst) + 1, SeqCst);
        let _leaves = Leaves(house);
        serve_lines(cx)
    }
}

struct Leaves<'a>(&'a House);
impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, SeqCst);
    }
}

fn serve_lines(cx: &mut StreamContext<'_, House>) -> HandlerResult {
    let mut line = String::new();
    while cx.rfile.read_line(&mut line)? > 0 {
        match line.trim_end() {
            "panic" => panic!("as told"),
            "fail" => return Err("as told".into()),
            "stop" => cx.server.shutdown(),
            "drain?" => writeln!(cx.wfile, "{}", cx.server.is_draining())?,
            _ => writeln!(cx.wfile, "{}", thread::current().name().unwrap_or("?"))?,
        }
        line.clear();
    }
    Ok(())
}

pub(super) type HouseServer = Server<Tcp, Guest, ThreadPoolMixIn, House>;
type Builder = ServerBuilder<Tcp, Guest, ThreadPoolMixIn, House>;

/// Serves the house by `mixin`.
pub(super) fn served(mixin: ThreadPoolMixIn) -> Served<HouseServer> {
    served_with(mixin, |builder| builder)
}

/// [`served`], with other things said too.
pub(super) fn served_with(
    mixin: ThreadPoolMixIn,
    set: impl FnOnce(Builder) -> Builder,
) -> Served<HouseServer> {
    serve(bound(mixin, set))
}

/// The server, not served yet.
pub(super) fn bound(mixin: ThreadPoolMixIn, set: impl FnOnce(Builder) -> Builder) -> HouseServer {
    set(HouseServer::builder()).mixin(mixin).bind("127.0.0.1:0").unwrap()
}

/// How many threads of this process are called `name` and a number.
pub(super) fn threads_called(name: &str) -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    tasks.filter(|it| fs::read_to_string(it.path().join("comm")).is_ok_and(|it| it.starts_with(name))).count()
}

/// What a pool tells about its workers.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Busy(usize, Duration),
    Free(Duration),
    NotStarted,
}

/// Hears it.
pub(super) struct Ear(Sender<Told>);

impl Ear {
    pub(super) fn new() -> (Ear, Receiver<Told>) {
        let (sender, receiver) = channel();
        (Ear(sender), receiver)
    }
}

impl Observer for Ear {
    fn event(&self, event: &Event<'_>) {
        let told = match event {
            Event::WorkersBusy { busy, for_how_long } => Told::Busy(*busy, *for_how_long),
            Event::WorkersFree { after } => Told::Free(*after),
            Event::WorkerNotStarted { .. } => Told::NotStarted,
            _ => return,
        };
        let _ = self.0.send(told); // the test may have ended
        panic!("{event}"); // which disturbs nobody
    }
}
