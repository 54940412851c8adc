//! Thread pools in a process of their own: what they leave behind, and what they do when threads are scarce.

use socketserver::{Event, Observer, ThreadPoolMixIn, prelude::*};
use std::{
    error::Error,
    fs,
    net::{Shutdown, SocketAddr},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

#[derive(Default)]
struct Echo;
impl StreamRequestHandler for Echo {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut all = Vec::new();
        cx.rfile.read_to_end(&mut all)?;
        Ok(cx.wfile.write_all(&all)?)
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    match arguments.first().map(String::as_str) {
        Some("leftovers") => leftovers(),
        Some("scarce") => scarce(),
        _ => Err("pool leftovers|scarce".into()),
    }
}

fn visit(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let client = TcpStream::connect(address)?;
    client.sendall(b"hello")?;
    client.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    (&client).read_to_string(&mut answer)?;
    if answer == "hello" { Ok(()) } else { Err(format!("answered {answer:?}").into()) }
}

fn descriptors_and_threads() -> (usize, usize) {
    let count = |path| fs::read_dir(path).map_or(0, Iterator::count);
    (count("/proc/self/fd"), count("/proc/self/task"))
}

/// Serves a while and closes, several times; then there must be as much as before.
fn leftovers() -> Result<(), Box<dyn Error>> {
    let before = descriptors_and_threads();
    for round in 0..5 {
        let mixin =
            ThreadPoolMixIn::default().min_workers(1).max_workers(8).idle_time(Duration::from_millis(round));
        let server = Arc::new(ThreadPoolTcpServer::<Echo>::builder().mixin(mixin).bind("127.0.0.1:0")?);
        let serving = thread::spawn({
            let server = server.clone();
            move || server.serve_forever()
        });
        thread::scope(|clients| {
            let clients: Vec<_> = (0..20)
                .map(|_| clients.spawn(|| visit(server.server_address()).map_err(|it| it.to_string())))
                .collect();
            clients
                .into_iter()
                .try_for_each(|client| client.join().unwrap_or_else(|_| Err("panicked".into())))
        })?;
        let handle = server.handle();
        server.server_close();
        serving.join().map_err(|_| "the server panicked")??;
        drop(server);
        drop(handle);
    }
    // A thread that has been joined is listed a moment longer.
    let end = Instant::now() + Duration::from_secs(30);
    while before != descriptors_and_threads() {
        if Instant::now() > end {
            return Err(format!("before {before:?}, after {:?}", descriptors_and_threads()).into());
        }
        thread::yield_now();
    }
    Ok(())
}

struct Ear(mpsc::Sender<Duration>);
impl Observer for Ear {
    fn event(&self, event: &Event<'_>) {
        if let Event::WorkerNotStarted { back_off, .. } = event {
            let _ = self.0.send(*back_off); // nobody may listen any more
        }
    }
}

/// To be run where this thread can't start its third and fourth: the second and third worker.
fn scarce() -> Result<(), Box<dyn Error>> {
    let (ear, failures) = mpsc::channel();
    let server = ThreadPoolTcpServer::<Echo>::builder()
        .mixin(ThreadPoolMixIn::default().workers(3))
        .observer(Ear(ear))
        .bind("127.0.0.1:0")?;
    let address = server.server_address();
    thread::scope(|scope| {
        let handle = server.handle();
        let clients = scope.spawn(move || {
            let failed = (0..2).filter_map(|_| failures.recv_timeout(Duration::from_secs(30)).ok()).count();
            // The only worker is with this one; for the next it finds another.
            let first = TcpStream::connect(address).map_err(|it| it.to_string())?;
            let second = visit(address).map_err(|it| it.to_string());
            drop(first);
            handle.request_shutdown();
            second.map(|()| failed)
        });
        server.serve_forever()?;
        match clients.join() {
            Ok(Ok(2)) => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    })
}
