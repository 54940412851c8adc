//! `SocketWriterTest.test_write`: a write is sent at once, and whole, though signals keep interrupting it.

use crate::util::{GUARD, wait_for};
use rustix::process::{Signal, getpid, kill_process};
use socketserver::{
    HandlerResult, Sequential, ServerHooks, StreamContext, StreamRequestHandler, Tcp, TcpServer,
};
use std::{
    io::{BufRead, Read, Write},
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
};

/// CPython's `SOCK_MAX_SIZE`: more than any socket buffer holds.
const SOCK_MAX_SIZE: usize = 16 * 1024 * 1024 + 1;

#[derive(Default)]
struct Told {
    never_restarts: bool,
    received: OnceLock<String>,
    sent1: OnceLock<usize>,
    sent2: OnceLock<usize>,
}
impl ServerHooks<Tcp> for Told {}

#[derive(Default)]
struct Handler;
impl StreamRequestHandler<Told> for Handler {
    fn handle(&mut self, cx: &mut StreamContext<'_, Told>) -> HandlerResult {
        let told = cx.server.state();
        if told.never_restarts {
            // signal(7): on a socket with such a time limit, calls "are never restarted after being interrupted by a signal
            // handler, regardless of the use of SA_RESTART".
            cx.request.setsockopt(|socket| {
                socket.set_write_timeout(Some(GUARD))?;
                socket.set_read_timeout(Some(GUARD))
            })?;
        }
        told.sent1.get_or_init(|| cx.wfile.write(b"write data\n").unwrap());
        // Sent at once, without a flush: the client answers to it.
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        told.received.get_or_init(|| line);
        let big_chunk = vec![0; SOCK_MAX_SIZE];
        told.sent2.get_or_init(|| cx.wfile.write(&big_chunk).unwrap());
        Ok(())
    }
}

pub(crate) fn run(kind: &str) {
    let never_restarts = match kind {
        "restarted" => false,
        "never-restarted" => true,
        _ => panic!("no such kind of socket: {kind}"),
    };
    let interrupted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, interrupted.clone()).unwrap();
    let server = TcpServer::<Handler, Sequential, Told>::builder()
        .state(Told { never_restarts, ..Told::default() })
        .bind("127.0.0.1:0")
        .unwrap();
    let address = server.server_address();
    let client = thread::spawn(move || run_client(address, &interrupted));
    // On the main thread, to which the kernel gives the signals of the process.
    server.handle_request().unwrap();

    let (response1, received2) = client.join().unwrap();
    let told = server.state();
    assert_eq!(response1, "write data\n");
    assert_eq!(told.sent1.get(), Some(&response1.len()));
    assert_eq!(told.received.get().map(String::as_str), Some("client response\n"));
    assert_eq!(told.sent2.get(), Some(&SOCK_MAX_SIZE));
    assert_eq!(received2, SOCK_MAX_SIZE - 100);
    assert_eq!(server.stats().completed, 1);
}

fn run_client(address: SocketAddr, interrupted: &AtomicBool) -> (String, usize) {
    let stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(GUARD)).unwrap();
    let mut reader = std::io::BufReader::new(&stream);
    let mut response1 = String::new();
    reader.read_line(&mut response1).unwrap();
    (&stream).write_all(b"client response\n").unwrap();
    reader.read_exact(&mut [0; 100]).unwrap();

    // The server should now be blocked in send(2), for the sockets' buffers don't hold it all.
    let count = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (done, is_done) = mpsc::channel::<()>();
        let count = &count;
        scope.spawn(move || {
            while is_done.try_recv() == Err(mpsc::TryRecvError::Empty) {
                kill_process(getpid(), Signal::USR1).unwrap();
                if interrupted.swap(false, SeqCst) {
                    count.fetch_add(1, SeqCst);
                }
                thread::yield_now();
            }
        });
        wait_for("the server to be interrupted", || count.load(SeqCst) >= 100);
        let received2 = reader.read_to_end(&mut Vec::new()).unwrap();
        drop(done); // also by a panic
        (response1, received2)
    })
}
