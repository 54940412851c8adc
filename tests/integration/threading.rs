//! Threads, one a request, which are used again.

use crate::{
    clients::{connect, visit},
    subject,
    util::{serve, tool, wait_for},
};
use parking_lot::Mutex;
use reliability::Injection;
use socketserver::{DatagramContext, Limit, Sequential, ThreadingMixIn, UdpServer, prelude::*};
use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader},
    net::UdpSocket,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

/// Says which thread it runs on and how large that one's stack is, and then waits for the client to finish.
#[derive(Default)]
struct Who;
impl StreamRequestHandler for Who {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let here = 0_u8;
        let thread = thread::current();
        writeln!(cx.wfile, "{} {}", thread.name().unwrap_or_default(), mapping_of((&raw const here).addr()))?;
        cx.rfile.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

/// The size in bytes of what is mapped where `address` lies.
fn mapping_of(address: usize) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").expect("/proc is mounted");
    let range = |line: &str| {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
    };
    maps.lines().filter_map(range).find(|range| range.contains(&address)).map_or(0, |range| range.len())
}

/// Which thread served, and its stack.
fn who(answer: &[u8]) -> (String, usize) {
    let text = String::from_utf8(answer.to_vec()).expect("text");
    let (name, stack) = text.trim().split_once(' ').expect("two words");
    (name.into(), stack.parse().expect("a number"))
}

#[test]
fn threads_have_the_name_and_the_stack_that_they_were_given() {
    let mixin = ThreadingMixIn::default().thread_name("Schankwirt").stack_size(256 * 1024);
    let server = serve(ThreadingTcpServer::<Who>::builder().mixin(mixin).bind("127.0.0.1:0").unwrap());
    let (name, stack) = who(&visit(server.server_address(), b""));
    assert!(name.starts_with("Schankwirt-"), "{name}");
    assert!((256 * 1024..512 * 1024).contains(&stack), "{stack} bytes"); // the system may add some of its own
}

#[test]
fn a_thread_that_has_finished_serves_again() {
    let server = serve(ThreadingTcpServer::<Who>::bind("127.0.0.1:0").unwrap());
    let mut met = HashSet::new();
    let came_back = (0..1000).any(|_| !met.insert(who(&visit(server.server_address(), b"")).0));
    assert!(came_back, "a thousand clients, a thousand threads");
}

#[test]
fn there_are_as_many_threads_as_requests_at_once_and_they_go_when_they_are_idle() {
    let mixin = ThreadingMixIn::default().idle_time(Duration::ZERO);
    let server = serve(ThreadingTcpServer::<Who>::builder().mixin(mixin).bind("127.0.0.1:0").unwrap());
    let mut clients: Vec<_> = (0..10).map(|_| BufReader::new(connect(server.server_address()))).collect();
    // All are at it before the first leaves, whose thread could have served another.
    let names: HashSet<_> = clients
        .iter_mut()
        .map(|client| {
            let mut line = Vec::new();
            client.read_until(b'\n', &mut line).unwrap();
            who(&line).0
        })
        .collect();
    assert_eq!((names.len(), server.mixin().threads()), (10, 10));
    drop(clients);
    wait_for("all threads to be forgotten", || server.mixin().threads() == 0);
}

/// A thread that can't be had is an error of that request: it is closed, and the next finds one.
#[test]
fn a_thread_that_cannot_be_started_costs_one_request() {
    if tool("strace").is_none() {
        return;
    }
    let by = Injection::of(&["clone3:error=EAGAIN:when=2"]);
    let (status, lines) = subject::start_under(&by, &["scarce-threads"]).end();
    assert!(status.success(), "{status}: {lines:?}");
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert!(line.starts_with(r#"["", "hello"] ["no thread for this request: "#), "{line}");
    assert!(line.ends_with("accepted 2 active 0"), "{line}");
}

#[test]
fn a_burst_of_datagrams_has_no_more_threads_at_once_than_the_limit_says() {
    let (open, door) = mpsc::channel::<()>();
    let (door, inside) = (Mutex::new(door), Arc::new(AtomicUsize::new(0)));
    let at_the_door = inside.clone();
    let server = UdpServer::<_, ThreadingMixIn>::builder()
        .max_connections(Limit::backlog(8))
        .handler_factory(move |_| {
            at_the_door.fetch_add(1, SeqCst);
            let _ = door.lock().recv(); // it is open when there is nobody at the other end
            socketserver::HandlerFn::new(|cx: &mut DatagramContext<'_>| {
                cx.wfile = cx.packet.to_vec();
                Ok(())
            })
        })
        .bind("127.0.0.1:0")
        .unwrap();
    let server = serve(server);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(crate::util::GUARD)).unwrap();
    for number in 0..50_u8 {
        client.send_to(&[number], server.server_address()).unwrap();
    }
    wait_for("as many as may", || inside.load(SeqCst) == 8);
    server.wait_until_asleep(); // though there are more
    assert_eq!((inside.load(SeqCst), server.mixin().threads(), server.stats().active), (8, 8, 8));
    drop(open);
    let answered: HashSet<_> = (0..50)
        .map(|_| {
            let mut reply = [0];
            client.recv(&mut reply).unwrap();
            reply[0]
        })
        .collect();
    assert_eq!(answered.len(), 50, "those who waited were served");
    assert_eq!(server.stats().peak, 8);
}

#[test]
fn datagrams_have_a_limit_by_default_where_each_has_a_thread() {
    fn limit<M>(set: Option<Limit>) -> Option<usize>
    where
        M: socketserver::MixIn + socketserver::Runs<socketserver::kind::Datagram> + Default,
    {
        let builder = UdpServer::<_, M>::builder();
        let builder =
            builder.handler_factory(|_| socketserver::HandlerFn::new(|_: &mut DatagramContext<'_>| Ok(())));
        let builder = match set {
            Some(limit) => builder.max_connections(limit),
            None => builder,
        };
        builder.bind("127.0.0.1:0").unwrap().handle().max_connections().max()
    }
    assert_eq!(limit::<ThreadingMixIn>(None), Some(512));
    assert_eq!(limit::<ThreadingMixIn>(Some(Limit::none())), None, "as in Python");
    assert_eq!(limit::<Sequential>(None), None);
}
