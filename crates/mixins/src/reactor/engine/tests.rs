//! Connections that move from worker to worker. When they do is judged by clocks, so here it is said.

use crate::ReactorMixIn;
use socketserver_core::{Handle, TcpServer};
use socketserver_handlers::{HandlerResult, KeepAlive, KeepAliveRequestHandler, StreamContext};
use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

/// Answers each line by its number and the name of the thread.
#[derive(Default)]
struct Who(u64);

impl KeepAliveRequestHandler for Who {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        cx.rfile.read_until(b'\n', &mut Vec::new())?;
        self.0 += 1;
        writeln!(cx.wfile, "{} {}", self.0, thread::current().name().unwrap_or_default())?;
        Ok(KeepAlive::Yes)
    }
}

struct Client(BufReader<TcpStream>, u64);

impl Client {
    /// Asks once; the thread that answers. Each answer has its number, so none is lost and none comes twice.
    fn ask(&mut self) -> String {
        self.0.get_mut().write_all(b"who?\n").unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        self.1 += 1;
        let (number, thread) = line.trim_end().split_once(' ').unwrap();
        assert_eq!(number, self.1.to_string());
        thread.to_owned()
    }
}

/// Also when the test fails.
struct StopsAtLast<'a>(&'a Handle);
impl Drop for StopsAtLast<'_> {
    fn drop(&mut self) {
        self.0.shutdown(Duration::from_secs(30));
    }
}

/// Runs `test` with a server and a function that spreads its connections over so many workers.
fn with_server(workers: usize, test: impl FnOnce(&mut dyn FnMut() -> Client, &ReactorMixIn, &dyn Fn(usize))) {
    let mixin = ReactorMixIn::default().workers(workers);
    let server = TcpServer::<Who, ReactorMixIn>::builder().mixin(mixin).bind("127.0.0.1:0").unwrap();
    thread::scope(|scope| {
        scope.spawn(|| server.serve_forever());
        let mut connect = || {
            let stream = TcpStream::connect(server.server_address()).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            Client(BufReader::new(stream), 0)
        };
        let spread = |shards| {
            let reactor = server.mixin().engine.started().expect("it runs");
            reactor.respread(shards);
        };
        connect().ask(); // which starts the threads
        let handle = server.handle();
        let _ends = StopsAtLast(&handle);
        test(&mut connect, server.mixin(), &spread);
    });
    server.server_close();
    let stats = server.stats();
    assert_eq!((stats.completed, server.mixin().threads()), (stats.accepted, 0));
}

fn threads_of(clients: &mut [Client]) -> HashSet<String> {
    clients.iter_mut().map(Client::ask).collect()
}

#[test]
fn connections_move_to_others_and_back() {
    with_server(3, |connect, mixin, spread| {
        let mut clients: Vec<_> = (0..30).map(|_| connect()).collect();
        for shards in [1, 2, 3, 1, 3, 2, 1] {
            spread(shards);
            // It may be judged anew at any moment, by what the machine does. Then it is said again.
            let until = Instant::now() + Duration::from_secs(30);
            while threads_of(&mut clients).len() != shards {
                assert!(Instant::now() < until, "{shards} of {mixin:?}");
                spread(shards);
            }
        }
    });
}

#[test]
fn a_connection_that_is_silent_is_served_where_it_is() {
    with_server(2, |connect, _, spread| {
        let (mut silent, mut other) = (connect(), connect());
        spread(2);
        for _ in 0..10 {
            silent.ask();
            other.ask();
        }
        spread(1);
        other.ask();
        silent.ask(); // at home, and moves
        silent.ask();
    });
}

#[test]
fn nothing_is_lost_while_connections_move_and_come_and_go() {
    let is_over = AtomicBool::new(false);
    with_server(4, |connect, _, spread| {
        let mut clients: Vec<_> = (0..8).map(|_| connect()).collect();
        let address = clients[0].0.get_ref().peer_addr().unwrap();
        thread::scope(|scope| {
            for client in &mut clients {
                scope.spawn(|| {
                    while !is_over.load(Relaxed) {
                        client.ask();
                    }
                });
            }
            for round in 0..300 {
                spread(1 + round * 7 % 4);
                let mut short = Client(BufReader::new(TcpStream::connect(address).unwrap()), 0);
                short.0.get_ref().set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                short.ask();
                short.ask();
            }
            is_over.store(true, Relaxed);
        });
        // None has been left where nobody sits.
        for shards in [1, 4, 1] {
            spread(shards);
            clients.iter_mut().for_each(|client| drop(client.ask()));
        }
        drop(clients);
    });
}

#[test]
fn those_that_wait_are_closed_wherever_they_are() {
    with_server(3, |connect, mixin, spread| {
        let mut clients: Vec<_> = (0..9).map(|_| connect()).collect();
        spread(3);
        threads_of(&mut clients);
        threads_of(&mut clients);
        spread(2); // so that some are where they don't belong
        mixin.engine.drain();
        for client in &mut clients {
            assert_eq!(client.0.read(&mut [0]).unwrap(), 0);
        }
    });
}
