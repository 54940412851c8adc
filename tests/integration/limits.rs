//! How many connections at once: who waits, who is turned away, and that the number holds.

use crate::{
    clients::{connect, rest, visit},
    util::{Recorder, serve, wait_for},
};
use socketserver::{Limit, Outcome, Refusal, ServerBuilder, ThreadingMixIn, prelude::*};
use std::{
    net::{Shutdown, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

/// Counts those who are inside, and the most there ever were.
#[derive(Default)]
struct Inside {
    now: AtomicUsize,
    most: AtomicUsize,
}
impl ServerHooks<Tcp> for Inside {
    fn reject_request(&self, request: &mut TcpStream, _: &SocketAddr) {
        let _ = request.sendall(b"full");
    }
}

/// Says hello, and stays until the client has finished.
#[derive(Default)]
struct Stays;
impl StreamRequestHandler<Inside> for Stays {
    fn handle(&mut self, cx: &mut StreamContext<'_, Inside>) -> HandlerResult {
        let inside = cx.server.state();
        inside.most.fetch_max(inside.now.fetch_add(1, SeqCst) + 1, SeqCst);
        cx.wfile.write_all(b"hello")?;
        let read = cx.rfile.read_to_end(&mut Vec::new());
        inside.now.fetch_sub(1, SeqCst);
        read?;
        Ok(())
    }
}

fn builder(limit: Limit, recorder: &Recorder) -> ServerBuilder<Tcp, Stays, ThreadingMixIn, Inside> {
    ThreadingTcpServer::<Stays, Inside>::builder().max_connections(limit).observer(recorder.clone())
}

/// One that has been let in.
fn enter(server: SocketAddr) -> TcpStream {
    let mut client = connect(server);
    client.read_exact(&mut [0; 5]).unwrap();
    client
}

#[test]
fn one_more_than_the_limit_waits_until_one_leaves() {
    let recorder = Recorder::default();
    let server = serve(builder(Limit::backlog(3), &recorder).bind("127.0.0.1:0").unwrap());
    for _ in 0..3 {
        let mut clients: Vec<_> = (0..3).map(|_| enter(server.server_address())).collect();
        let before = server.stats().accepted;
        let fourth = connect(server.server_address());
        fourth.shutdown(Shutdown::Write).unwrap();
        server.wait_until_asleep(); // it has looked
        assert_eq!((server.stats().accepted, server.stats().active), (before, 3));
        drop(clients.pop());
        assert_eq!(rest(fourth), b"hello");
        drop(clients);
        wait_for("all to leave", || server.stats().active == 0);
    }
    server.stop().unwrap();
    assert_eq!(recorder.outcomes(), [Outcome::Completed; 12]);
}

#[test]
fn at_a_limit_that_rejects_a_client_is_told_and_closed() {
    let recorder = Recorder::default();
    let server = serve(builder(Limit::reject(2), &recorder).bind("127.0.0.1:0").unwrap());
    let clients = [(); 2].map(|()| enter(server.server_address()));
    for _ in 0..5 {
        assert_eq!(visit(server.server_address(), b"what it said already"), b"full");
    }
    wait_for("five refusals", || server.stats().refused == 5);
    assert_eq!((server.stats().accepted, server.stats().active), (7, 2));
    drop(clients);
    wait_for("room", || server.stats().active == 0);
    assert_eq!(visit(server.server_address(), b""), b"hello");
    wait_for("all ends", || recorder.outcomes().len() == 8);
    assert_eq!(
        recorder.outcomes().iter().filter(|it| **it == Outcome::Refused(Refusal::MaxConnections)).count(),
        5
    );
}

#[test]
fn a_sequential_server_has_a_limit_of_one_by_nature() {
    let server = TcpServer::<Stays, socketserver::Sequential, Inside>::builder();
    let server = serve(server.max_connections(Limit::backlog(1)).bind("127.0.0.1:0").unwrap());
    for _ in 0..10 {
        assert_eq!(visit(server.server_address(), b""), b"hello");
    }
}

/// 50 threads of clients at once, several times each.
fn crowd(server: SocketAddr) -> usize {
    let visits = |_| (0..20).filter(|_| visit(server, b"") == b"hello").count();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..50).map(|n| scope.spawn(move || visits(n))).collect();
        clients.into_iter().map(|it| it.join().unwrap()).sum()
    })
}

#[test]
fn a_backlog_limit_is_never_over_run_and_serves_everybody() {
    let recorder = Recorder::default();
    let server = serve(builder(Limit::backlog(4), &recorder).bind("127.0.0.1:0").unwrap());
    assert_eq!(crowd(server.server_address()), 1000);
    wait_for("all ends", || server.stats().active == 0);
    let most = server.state().most.load(SeqCst);
    assert!((1..=4).contains(&most), "{most} at once");
    assert_eq!((server.stats().completed, server.stats().refused), (1000, 0));
}

#[test]
fn a_rejecting_limit_is_never_over_run_and_answers_everybody() {
    let recorder = Recorder::default();
    let server = serve(builder(Limit::reject(4), &recorder).bind("127.0.0.1:0").unwrap());
    let greeted = crowd(server.server_address());
    wait_for("all ends", || server.stats().active == 0 && recorder.outcomes().len() == 1000);
    assert!(server.state().most.load(SeqCst) <= 4);
    let (served, refused) = (server.stats().completed, server.stats().refused);
    assert_eq!((served as usize, refused as usize), (greeted, 1000 - greeted));
    assert!(served > 0);
}
