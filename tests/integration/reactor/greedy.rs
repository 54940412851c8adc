//! Clients that send requests ahead, more than are served, and a server that says how many it has served.

use crate::util::{GUARD, Recorder, Served, serve, wait_for};
use parking_lot::Mutex;
use socketserver::{Linger, ReactorMixIn, Server, prelude::*};
use std::{
    collections::HashMap,
    io::{self, BufReader},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

/// How long each piece of work takes at least, which bounds how many there are in one turn, however busy the machine is.
pub(super) const WORK: Duration = Duration::from_micros(20);

/// A piece of work, of even length.
pub(super) fn work() -> String {
    format!("{:.<101}\n", "work")
}

/// The state: what was done, for all clients, and a door that handlers wait at.
#[derive(Default)]
pub(super) struct Shop {
    pub(super) worked: AtomicUsize,
    /// The same, by threads.
    worked_by: Mutex<HashMap<ThreadId, usize>>,
    /// The most that a thread has done while a connection was there which has never asked for anything, and which it has ended then.
    pub(super) worked_beside_silent: AtomicUsize,
    /// How much of it when the server had been told to stop.
    pub(super) worked_before_stop: AtomicUsize,
    at_the_door: AtomicBool,
    is_open: AtomicBool,
}

impl ServerHooks<Tcp> for Shop {
    fn handle_shutdown(&self) {
        self.worked_before_stop.store(self.worked.load(SeqCst), SeqCst);
    }
}

impl Shop {
    pub(super) fn open(&self) {
        self.is_open.store(true, SeqCst);
    }

    pub(super) fn wait_for_someone_at_the_door(&self) {
        wait_for("a handler to wait", || self.at_the_door.load(SeqCst));
    }

    pub(super) fn wait_for_more_work(&self, pieces: usize) {
        let before = self.worked.load(SeqCst);
        wait_for("more work", || self.worked.load(SeqCst) >= before + pieces);
    }
}

/// Answers each line with the number of those before it; `worked` with what was done for all.
#[derive(Default)]
pub(super) struct Works {
    count: usize,
    worked_before: HashMap<ThreadId, usize>,
}

impl KeepAliveRequestHandler<Shop> for Works {
    fn setup(&mut self, cx: &mut StreamContext<'_, Shop>) -> HandlerResult {
        self.worked_before = cx.server.state().worked_by.lock().clone();
        Ok(())
    }

    fn finish(&mut self, cx: &mut StreamContext<'_, Shop>) -> HandlerResult {
        let shop = cx.server.state();
        if self.count == 0 {
            // What another thread has done says nothing where the machine holds this one up.
            let (all, me) = (shop.worked_by.lock(), thread::current().id());
            let [now, before] = [&*all, &self.worked_before].map(|it| it.get(&me).copied().unwrap_or(0));
            shop.worked_beside_silent.fetch_max(now - before, SeqCst);
        }
        Ok(())
    }

    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Shop>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        let (begun, shop) = (Instant::now(), cx.server.state());
        match line.trim_end().trim_end_matches('.') {
            "work" => {
                while begun.elapsed() < WORK {}
                *shop.worked_by.lock().entry(thread::current().id()).or_default() += 1;
                shop.worked.fetch_add(1, SeqCst);
            }
            "wait" => {
                shop.at_the_door.store(true, SeqCst);
                wait_for("the door to open", || shop.is_open.load(SeqCst));
            }
            "worked" => {
                writeln!(cx.wfile, "{}", shop.worked.load(SeqCst))?;
                return Ok(KeepAlive::Yes);
            }
            _ => {}
        }
        writeln!(cx.wfile, "{}", self.count)?;
        self.count += 1;
        Ok(KeepAlive::Yes)
    }

    fn handle_shutdown(&mut self, cx: &mut StreamContext<'_, Shop>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"goodbye\n")?)
    }
}

pub(super) type ShopServer = Server<Tcp, Works, ReactorMixIn, Shop>;

/// Served by so many threads and no more, whatever its handlers do.
pub(super) fn shop(threads: usize, idle: Option<Duration>, recorder: &Recorder) -> Served<ShopServer> {
    let mixin = ReactorMixIn::default().workers(threads).max_workers(threads);
    let builder = ShopServer::builder().mixin(mixin).observer(recorder.clone()).idle_timeout(idle);
    // Those who send for ever are read on until they have seen the end, however late that is.
    serve(builder.linger(Linger::up_to(GUARD).bytes(u64::MAX)).bind("127.0.0.1:0").unwrap())
}

/// Sends work until the server ends the connection, as fast as it is taken, and reads what comes of it.
pub(super) struct Greedy {
    stream: TcpStream,
    reader: Option<thread::JoinHandle<io::Result<Vec<String>>>>,
}

impl Greedy {
    pub(super) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(GUARD)).expect("a valid limit");
        let [mut sender, receiver] = [(); 2].map(|()| stream.try_clone().expect("a descriptor is free"));
        let is_over = Arc::new(AtomicBool::new(false));
        let reader = thread::spawn({
            let is_over = is_over.clone();
            move || {
                let lines = BufReader::new(&receiver).lines().collect();
                is_over.store(true, SeqCst);
                let _ = receiver.shutdown(Shutdown::Both); // or the server would wait for more
                lines
            }
        });
        thread::spawn(move || {
            // Behind a piece of odd length no buffer that is full ends where a request does: there is always something left of the next.
            let _ = sender.write_all(work().replacen('.', "", 1).as_bytes());
            let ahead = work().repeat(500);
            while !is_over.load(SeqCst) && sender.write_all(ahead.as_bytes()).is_ok() {}
        });
        Greedy { stream, reader: Some(reader) }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.reader.as_ref().is_none_or(|it| it.is_finished())
    }

    /// All that came until the server's end: how many replies, which are whole and in order, and what came behind them.
    pub(super) fn heard(mut self) -> (usize, Vec<String>) {
        let mut lines = self
            .reader
            .take()
            .expect("taken once")
            .join()
            .expect("it doesn't panic")
            .expect("lines, and an end in order");
        let replies =
            lines.iter().enumerate().take_while(|(number, line)| **line == number.to_string()).count();
        let others = lines.split_off(replies);
        (replies, others)
    }
}

/// Without this a server whose test has failed might never come to an end.
impl Drop for Greedy {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both); // the server may have ended it
    }
}
