//! One request at a time: `handle_request`, its timeout, and who calls `service_actions` when.

use crate::util::{GUARD, Recorder, Seen, serve, wait_for};
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, poll};
use socketserver::{Handled, Sequential, ServerBuilder, Transport, prelude::*};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

#[derive(Default)]
struct Hello;
impl StreamRequestHandler<Counts> for Hello {
    fn handle(&mut self, cx: &mut StreamContext<'_, Counts>) -> HandlerResult {
        cx.server.state().thread.lock().replace(thread::current().id());
        Ok(cx.wfile.write_all(b"hello")?)
    }
}

#[derive(Default)]
struct Counts {
    timeouts: AtomicUsize,
    actions: AtomicUsize,
    thread: Mutex<Option<thread::ThreadId>>,
}
impl ServerHooks<Tcp> for Counts {
    fn handle_timeout(&self) {
        self.timeouts.fetch_add(1, SeqCst);
    }
    fn service_actions(&self) {
        self.actions.fetch_add(1, SeqCst);
    }
}

type Server = TcpServer<Hello, Sequential, Counts>;

fn builder() -> ServerBuilder<Tcp, Hello, Sequential, Counts> {
    Server::builder()
}

fn greeted(mut client: TcpStream) {
    let mut answer = String::new();
    client.settimeout(Some(GUARD));
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello");
}

/// A client that can be accepted: the last word of its handshake may arrive when connect(2) has returned.
fn come(server: &Server) -> TcpStream {
    let client = TcpStream::connect(server.server_address()).unwrap();
    let listening = server.socket().unwrap();
    poll(&mut [PollFd::from_borrowed_fd(listening.readiness(), PollFlags::IN)], None).unwrap();
    client
}

#[test]
fn one_request_is_served_in_the_calling_thread() {
    let server = builder().bind("127.0.0.1:0").unwrap();
    let clients = [0, 1].map(|_| TcpStream::connect(server.server_address()).unwrap());
    for (count, client) in (1..).zip(clients) {
        assert_eq!(server.handle_request().unwrap(), Handled::Request);
        assert_eq!(server.stats().completed, count);
        greeted(client);
    }
    assert_eq!(*server.state().thread.lock(), Some(thread::current().id()));
    assert_eq!(server.state().timeouts.load(SeqCst), 0);
    assert!(!server.handle().is_serving());
}

#[test]
fn without_a_client_the_timeout_passes() {
    let server = builder().timeout(Duration::from_millis(20)).bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    assert_eq!(server.handle_request().unwrap(), Handled::TimedOut);
    assert!(begun.elapsed() >= Duration::from_millis(20), "it waited");
    assert_eq!(server.state().timeouts.load(SeqCst), 1);
    let client = come(&server);
    assert_eq!(server.handle_request().unwrap(), Handled::Request);
    greeted(client);
}

#[test]
fn a_timeout_of_zero_only_looks() {
    let server = builder().timeout(Duration::ZERO).bind("127.0.0.1:0").unwrap();
    for count in 1..=3 {
        assert_eq!(server.handle_request().unwrap(), Handled::TimedOut);
        assert_eq!(server.state().timeouts.load(SeqCst), count);
    }
    let client = come(&server);
    assert_eq!(server.handle_request().unwrap(), Handled::Request);
    greeted(client);
}

#[test]
fn a_request_that_is_refused_is_the_one_that_was_handled() {
    #[derive(Default)]
    struct Nobody(AtomicUsize);
    impl ServerHooks<Tcp> for Nobody {
        fn verify_request(&self, _: &TcpStream, _: &std::net::SocketAddr) -> bool {
            self.0.fetch_add(1, SeqCst) > 0
        }
    }
    #[derive(Default)]
    struct Quiet;
    impl StreamRequestHandler<Nobody> for Quiet {
        fn handle(&mut self, _: &mut StreamContext<'_, Nobody>) -> HandlerResult {
            Ok(())
        }
    }
    let server = TcpServer::<Quiet, Sequential, Nobody>::bind("127.0.0.1:0").unwrap();
    let _clients = [0, 1].map(|_| TcpStream::connect(server.server_address()).unwrap());
    assert_eq!(server.handle_request().unwrap(), Handled::Request);
    assert_eq!((server.stats().refused, server.stats().completed), (1, 0));
    assert_eq!(server.handle_request().unwrap(), Handled::Request);
    assert_eq!((server.stats().refused, server.stats().completed), (1, 1));
}

/// As in Python: only `serve_forever` calls `service_actions`, and only it has a `poll_interval`.
#[test]
fn handle_request_calls_no_service_actions() {
    let patient = builder().timeout(Duration::from_millis(50)).poll_interval(Duration::from_millis(1));
    let server = patient.bind("127.0.0.1:0").unwrap();
    assert_eq!(server.handle_request().unwrap(), Handled::TimedOut);
    let client = come(&server);
    server.handle_request().unwrap();
    greeted(client);
    assert_eq!(server.state().actions.load(SeqCst), 0);
}

#[test]
fn serve_forever_ignores_the_timeout() {
    let server = serve(builder().timeout(Duration::ZERO).bind("127.0.0.1:0").unwrap());
    greeted(TcpStream::connect(server.server_address()).unwrap());
    let server_too = server.clone();
    server.stop().unwrap();
    assert_eq!(server_too.state().timeouts.load(SeqCst), 0);
}

#[test]
fn serve_forever_calls_service_actions_every_poll_interval() {
    let begun = Instant::now();
    let server = serve(builder().poll_interval(Duration::from_millis(5)).bind("127.0.0.1:0").unwrap());
    wait_for("five ticks", || server.state().actions.load(SeqCst) >= 5);
    assert!(begun.elapsed() >= Duration::from_millis(20), "not more often");
}

#[test]
fn serve_forever_calls_service_actions_after_each_request() {
    let recorder = Recorder::default();
    let server = builder().poll_interval(None).observer(recorder.clone()).bind("127.0.0.1:0").unwrap();
    let server = serve(server);
    for count in 1..=3 {
        greeted(TcpStream::connect(server.server_address()).unwrap());
        wait_for("the actions", || server.state().actions.load(SeqCst) == count);
    }
    let ended = recorder.seen().iter().filter(|it| matches!(it, Seen::Ended(..))).count();
    assert_eq!(ended, 3);
}
