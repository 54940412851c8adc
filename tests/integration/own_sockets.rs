//! Workers of a pool with a socket each, on the same address.

use crate::util::{GUARD, serve, wait_for};
use socketserver::{Server, ThreadPoolMixIn, Udp, prelude::*};
use std::{
    collections::BTreeSet,
    fs,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

/// How many sockets of this network are bound to this port, and listen if they can.
pub(crate) fn sockets_on(protocol: &str, address: SocketAddr) -> usize {
    let version = if address.is_ipv6() { "6" } else { "" };
    let table = fs::read_to_string(format!("/proc/net/{protocol}{version}")).unwrap();
    let port = format!(":{:04X}", address.port());
    let state = if protocol == "tcp" { "0A" } else { "07" };
    let fields = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    // By their inodes: a row may be there twice, where another is gone while it is read.
    let is_one = |it: &Vec<&str>| it[1].ends_with(&port) && it[3] == state;
    fields.filter(is_one).map(|it| it[9]).collect::<BTreeSet<_>>().len()
}

/// A client that sends numbers, and expects them back in order, each after the name of who has served it.
pub(crate) struct Numbers {
    socket: UdpSocket,
    next: u32,
}

impl Numbers {
    pub(crate) fn new(server: SocketAddr) -> Self {
        let here = if server.is_ipv6() { "[::1]:0" } else { "127.0.0.1:0" };
        let socket = UdpSocket::bind(here).unwrap();
        socket.connect(server).unwrap();
        socket.set_read_timeout(Some(GUARD)).unwrap();
        Numbers { socket, next: 0 }
    }

    fn send(&mut self) {
        self.socket.send(self.next.to_string().as_bytes()).unwrap();
        self.next += 1;
    }

    /// The next answer: a name, a number.
    fn hear(&self) -> (String, u32) {
        let mut buffer = [0; 64];
        let n = self.socket.recv(&mut buffer).unwrap();
        let text = std::str::from_utf8(&buffer[..n]).unwrap();
        let (name, number) = text.rsplit_once(' ').unwrap();
        (name.to_owned(), number.parse().unwrap())
    }

    /// Sends one, and gives who has served it.
    pub(crate) fn exchange(&mut self) -> String {
        self.send();
        let (name, number) = self.hear();
        assert_eq!(number, self.next - 1);
        name
    }

    /// Sends so many at once, and gives who has served them all.
    pub(crate) fn burst(&mut self, count: u32) -> String {
        let first = self.next;
        (0..count).for_each(|_| self.send());
        let by: BTreeSet<_> = (first..self.next)
            .map(|number| {
                let (name, answered) = self.hear();
                assert_eq!(answered, number);
                name
            })
            .collect();
        assert_eq!(by.len(), 1, "{by:?}");
        by.into_iter().next().unwrap()
    }
}

/// The state: a door that may be shut, for those from some number on.
#[derive(Default)]
struct Door {
    is_shut: Mutex<bool>,
    from: AtomicU32,
    opened: Condvar,
}
impl ServerHooks<Udp> for Door {}

impl Door {
    fn set_shut(&self, shut: bool) {
        *self.is_shut.lock().unwrap() = shut;
        self.opened.notify_all();
    }
}

#[derive(Default)]
struct Answer;
impl DatagramRequestHandler<Door> for Answer {
    fn handle(&mut self, cx: &mut DatagramContext<'_, Door>) -> HandlerResult {
        let door = cx.server.state();
        let number: u32 = std::str::from_utf8(cx.packet)?.parse()?;
        let passes = number < door.from.load(SeqCst);
        drop(door.opened.wait_while(door.is_shut.lock().unwrap(), |is_shut| *is_shut && !passes).unwrap());
        let name = thread::current().name().unwrap_or("?").to_owned();
        Ok(write!(cx.wfile, "{name} {number}")?)
    }
}

type PoolServer = Server<Udp, Answer, ThreadPoolMixIn, Door>;

fn pool(workers: usize) -> ThreadPoolMixIn {
    ThreadPoolMixIn::default().workers(workers).socket_each(true)
}

#[test]
fn datagrams_of_a_client_are_served_in_order_by_one_worker() {
    let adopted = Udp::from_fd(UdpSocket::bind("127.0.0.1:0").unwrap(), 1024).unwrap();
    for server in [
        PoolServer::builder().mixin(pool(4).thread_name("in-order")).bind("127.0.0.1:0").unwrap(),
        PoolServer::builder().mixin(pool(4).thread_name("in-order")).bind("[::1]:0").unwrap(),
        PoolServer::builder().mixin(pool(4).thread_name("in-order")).serve_on(adopted).unwrap(),
    ] {
        let server = serve(server).accepting_by("in-order");
        let address = server.server_address();
        wait_for("all sockets", || sockets_on("udp", address) == 4);
        let mut clients: Vec<_> = (0..12).map(|_| Numbers::new(address)).collect();
        let by: Vec<_> = clients.iter_mut().map(|client| client.burst(8)).collect();
        for _ in 0..20 {
            assert!(clients.iter_mut().map(|client| client.burst(8)).eq(by.iter().cloned()));
        }
        assert!(by.iter().collect::<BTreeSet<_>>().len() > 1, "{by:?}");
        assert_eq!(server.mixin().threads(), 4);

        server.handle().suspend();
        server.wait_until_asleep();
        clients.iter_mut().for_each(Numbers::send);
        server.wait_until_asleep();
        assert_eq!(server.stats().accepted, 12 * 8 * 21);
        server.handle().resume();
        clients.iter().for_each(|client| assert_eq!(client.hear().1, client.next - 1));
        server.server_close();
        assert_eq!(
            (server.stats().accepted, server.stats().completed),
            (12 * (8 * 21 + 1), 12 * (8 * 21 + 1))
        );
        // A program that another test is about to run has copies of all descriptors for a moment.
        wait_for("no socket to be left", || sockets_on("udp", address) == 0);
    }
}

/// What a worker has received already is served by it; what waits in its socket is there for the next time.
#[test]
fn nothing_is_lost_when_the_server_stops_and_serves_again() {
    let mixin = pool(2).thread_name("again");
    let server = Arc::new(PoolServer::builder().mixin(mixin).bind("127.0.0.1:0").unwrap());
    let served = crate::util::serve_shared(server.clone()).accepting_by("again");
    let address = server.server_address();
    wait_for("both sockets", || sockets_on("udp", address) == 2);
    // So many that they aren't all in one socket.
    let mut clients: Vec<_> = (0..32).map(|_| Numbers::new(address)).collect();
    // All are there before a worker looks, so that it receives several at once: the second time from the beginning.
    for is_last in [false, true] {
        server.handle().suspend();
        served.wait_until_asleep();
        server.state().set_shut(is_last);
        clients.iter_mut().for_each(|client| (0..4).for_each(|_| client.send()));
        server.handle().resume();
        if !is_last {
            clients.iter().for_each(|client| (0..4).for_each(|number| assert_eq!(client.hear().1, number)));
            served.wait_until_asleep();
        }
    }
    wait_for("both to be busy", || server.stats().active == 2);
    served.stop().unwrap();
    server.state().set_shut(false);
    wait_for("both to be done", || server.mixin().threads() == 0);
    let stats = server.stats();
    assert_eq!((stats.refused, stats.accepted), (0, stats.completed));
    clients.iter_mut().for_each(Numbers::send);
    let served = crate::util::serve_shared(server.clone());
    for client in &clients {
        (4..9).for_each(|number| assert_eq!(client.hear().1, number));
    }
    served.stop().unwrap();
    assert_eq!(server.stats().refused, 0);
}

/// Between two that were received together nobody is inside, which is no end. A quiet worker receives one at first, then two, then four.
#[test]
fn a_shutdown_with_a_deadline_waits_for_all_that_was_received() {
    for _ in 0..20 {
        let server = PoolServer::builder().mixin(pool(2).thread_name("all")).bind("127.0.0.1:0").unwrap();
        let server = serve(server).accepting_by("all");
        server.handle().suspend();
        server.wait_until_asleep();
        server.state().from.store(3, SeqCst);
        server.state().set_shut(true);
        let mut client = Numbers::new(server.server_address());
        (0..10).for_each(|_| client.send());
        server.handle().resume();
        let is_in = || (server.stats().accepted, server.stats().active) == (4, 1);
        wait_for("it to be with the first of four", is_in);
        let report = thread::scope(|scope| {
            let shutdown = scope.spawn(|| server.handle().shutdown(GUARD));
            wait_for("the stop", || server.handle().is_draining());
            server.state().set_shut(false);
            shutdown.join().unwrap()
        });
        assert_eq!((report.drained, report.refused), (4, 0));
        assert_eq!(server.stats().completed, 7);
        (0..7).for_each(|number| assert_eq!(client.hear().1, number));
    }
}

#[test]
fn what_cannot_share_its_address_says_so() {
    let place = tempfile::tempdir().unwrap();
    let server = UnixStreamServer::<_, ThreadPoolMixIn>::builder()
        .mixin(pool(2))
        .handler_factory(|_| socketserver::HandlerFn::new(|_: &mut StreamContext<'_>| Ok(())))
        .bind(place.path().join("socket"))
        .unwrap();
    let error = server.serve_forever().unwrap_err();
    let text = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(text.contains("socket for each worker") && text.contains("can't share its address"), "{text}");
    assert_eq!(server.mixin().threads(), 0);
}
