//! A server whose handlers block, fail and count as they are told, and its clients.

pub(super) use crate::clients::Client;
use crate::util::{Recorder, Served, are_asleep, serve, wait_for};
use parking_lot::{Condvar, Mutex};
use socketserver::{ReactorMixIn, Server, ServerBuilder, net, prelude::*};
use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::Duration,
};

/// The state: a door that handlers wait at, and what they have done.
#[derive(Default)]
pub(super) struct House {
    is_open: Mutex<bool>,
    door: Condvar,
    /// Handlers that have come to the door.
    pub(super) at_the_door: AtomicUsize,
    pub(super) finished: AtomicUsize,
    /// Connections that a handler kept.
    pub(super) kept: Mutex<Vec<net::Connection>>,
}

impl ServerHooks<Tcp> for House {}
impl ServerHooks<UnixStream> for House {}

impl House {
    fn wait(&self) {
        self.at_the_door.fetch_add(1, SeqCst);
        let mut is_open = self.is_open.lock();
        while !*is_open {
            self.door.wait(&mut is_open);
        }
    }

    pub(super) fn open(&self) {
        *self.is_open.lock() = true;
        self.door.notify_all();
    }

    pub(super) fn wait_for_blocked(&self, handlers: usize) {
        wait_for("handlers to block", || self.at_the_door.load(SeqCst) == handlers);
    }
}

/// Answers lines with a count of them; some lines ask for more.
#[derive(Default)]
pub(super) struct Lines {
    count: usize,
    panics_in_drop: bool,
}

impl KeepAliveRequestHandler<House> for Lines {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, House>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        self.count += 1;
        match line.trim_end() {
            "block" => cx.server.state().wait(),
            "panic" => panic!("as told"),
            "panic in drop" => self.panics_in_drop = true,
            "keep" => cx.server.state().kept.lock().push(cx.request.clone()),
            "stop" => cx.server.shutdown(),
            _ => {}
        }
        write!(cx.wfile, "{} {line}", self.count)?;
        Ok(if line.starts_with("quit") { KeepAlive::No } else { KeepAlive::Yes })
    }

    fn finish(&mut self, cx: &mut StreamContext<'_, House>) -> HandlerResult {
        cx.server.state().finished.fetch_add(1, SeqCst);
        Ok(())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        assert!(!self.panics_in_drop, "as told");
    }
}

pub(super) type HouseServer = Server<Tcp, Lines, ReactorMixIn, House>;

/// A builder whose server tells `recorder`.
pub(super) fn builder(recorder: &Recorder) -> ServerBuilder<Tcp, Lines, ReactorMixIn, House> {
    HouseServer::builder().observer(recorder.clone())
}

/// Serves the house by `mixin`.
pub(super) fn served(mixin: ReactorMixIn) -> Served<HouseServer> {
    serve(HouseServer::builder().mixin(mixin).bind("127.0.0.1:0").unwrap())
}

/// The threads of this process that are called `name`, with or without a number.
fn threads<'a>(name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten().map(|it| it.path());
    tasks.filter(move |it| fs::read_to_string(it.join("comm")).is_ok_and(|it| it.starts_with(name)))
}

pub(super) fn threads_called(name: &str) -> usize {
    threads(name).count()
}

/// Waits until all of them sleep at the same moment. One that is woken again and again never does for long.
pub(super) fn wait_until_asleep(name: &str) {
    wait_for("all threads to sleep", || are_asleep(&[name]));
}

/// Waits until none of them has been woken for a while.
pub(super) fn wait_until_undisturbed(name: &str) {
    let switches = || -> Vec<String> {
        let status = threads(name).filter_map(|it| fs::read_to_string(it.join("status")).ok());
        status
            .flat_map(|it| it.lines().filter(|it| it.contains("ctxt")).map(str::to_owned).collect::<Vec<_>>())
            .collect()
    };
    wait_for("nobody to be woken", || {
        let before = switches();
        thread::sleep(Duration::from_millis(100)); // what is asserted is that nothing happens in it
        before == switches()
    });
}
