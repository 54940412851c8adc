//! Shared by the topics, and by the helper programs: serving in the background, waiting for events, counting what this process
//! has, hearing what a server tells.
#![allow(dead_code, reason = "each program that shares this uses a part of it")]

// By their paths, since helper programs include this file from elsewhere.
#[path = "util/observe.rs"]
mod observe;
#[path = "util/process.rs"]
mod process;

#[allow(unused_imports, reason = "as above")]
pub(crate) use self::{
    observe::{Nervous, Recorder, Seen, logged},
    process::{
        ThreadId, are_asleep, children, fd_count, fresh_name, is_zombie, processes_sleep, thread_count,
    },
};
use socketserver::{BaseServer, ServerError};
use std::{
    env,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    ops::Deref,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

/// How long something may take that ought to take no time. Only a failure meets it, however busy the machine is.
pub(crate) const GUARD: Duration = Duration::from_secs(30);

/// A server that is served by a thread of its own; stopped and joined when dropped.
pub(crate) struct Served<S: BaseServer + ?Sized + 'static> {
    server: Arc<S>,
    /// Of the threads that accept: the loop's, which are its worker processes' as well, and others.
    names: Vec<String>,
    thread: Option<thread::JoinHandle<Result<(), ServerError>>>,
}

/// Serves `server` on a thread until the returned value is dropped, or something stops it. Clients can connect at once.
pub(crate) fn serve<S: BaseServer + 'static>(server: S) -> Served<S> {
    serve_shared(Arc::new(server))
}

/// [`serve`] for a server that others know too.
pub(crate) fn serve_shared<S: BaseServer + ?Sized + 'static>(server: Arc<S>) -> Served<S> {
    let name = fresh_name();
    let thread = thread::Builder::new().name(name.clone()).spawn({
        let server = server.clone();
        move || server.serve_forever()
    });
    Served { server, names: vec![name], thread: Some(thread.expect("a thread can be had")) }
}

impl<S: BaseServer + ?Sized + 'static> Served<S> {
    /// Says that threads accept, too, whose names begin so, such as a pool's. No other server of the same process may have such threads.
    pub(crate) fn accepting_by(mut self, name: &str) -> Self {
        self.names.push(name.into());
        self
    }

    /// Waits until all who accept wait, at the same moment: for a client, a wake-up, or whatever else.
    pub(crate) fn wait_until_asleep(&self) {
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        wait_for("all who accept to sleep", || self.server.handle().is_serving() && are_asleep(&names));
    }

    /// Waits until `serve_forever` has returned, by itself or because of somebody else, and gives what it returned.
    pub(crate) fn join(mut self) -> Result<(), ServerError> {
        wait_for("serve_forever to return", || self.thread.as_ref().is_some_and(|it| it.is_finished()));
        self.thread.take().expect("taken once").join().expect("serve_forever doesn't panic")
    }

    /// Stops the server, and gives what `serve_forever` returned.
    pub(crate) fn stop(self) -> Result<(), ServerError> {
        self.server.shutdown();
        self.join()
    }
}

impl<S: BaseServer + ?Sized + 'static> Deref for Served<S> {
    type Target = Arc<S>;
    fn deref(&self) -> &Arc<S> {
        &self.server
    }
}

impl<S: BaseServer + ?Sized + 'static> Drop for Served<S> {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.server.handle().request_shutdown();
            // If the test has failed, what it left behind may hold the server up for ever.
            if !thread::panicking() {
                thread.join().expect("serve_forever doesn't panic").expect("serve_forever succeeds");
            }
        }
    }
}

/// Waits until `condition` holds. For what nothing announces; a channel or end-of-file is better where there is one.
#[track_caller]
pub(crate) fn wait_for(what: &str, condition: impl FnMut() -> bool) {
    wait_up_to(GUARD, what, condition);
}

/// The same, for what takes longer by its nature.
#[track_caller]
pub(crate) fn wait_up_to(longest: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + longest;
    while !condition() {
        assert!(Instant::now() < end, "waited {longest:?} for {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Does a test with a limit that is short so that the test is. A busy machine may not let it do in that time what has to come before; then
/// it gives `false`, and has twice as long. What it must not take for that is a limit that is met too early.
#[track_caller]
pub(crate) fn in_time(mut limit: Duration, mut test: impl FnMut(Duration) -> bool) {
    while !test(limit) {
        limit *= 2;
        assert!(limit < GUARD, "it is never in time");
    }
}

/// Runs `code` on a thread of its own and gives what it returned; fails if it hangs.
#[track_caller]
pub(crate) fn finishes<T: Send + 'static>(what: &str, code: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = mpsc::channel();
    let thread = thread::spawn(move || done.send(code()));
    match wait.recv_timeout(GUARD) {
        Ok(value) => value,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what} hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            thread.join().map(drop).expect("the code doesn't panic");
            unreachable!("it has sent its value");
        }
    }
}

/// Sends `question` over TCP, says that there is no more to come, and gives all that comes back.
pub(crate) fn ask(address: SocketAddr, question: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(GUARD)).expect("a valid limit");
    stream.write_all(question).expect("the server reads");
    let _ = stream.shutdown(Shutdown::Write); // the server may have closed already
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an orderly end");
    answer
}

/// Finds a program that a test needs. Where there is none the test is to be skipped, unless SOCKETSERVER_REQUIRE_TOOLS is set: then it
/// fails.
#[track_caller]
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        let required = env::var_os("SOCKETSERVER_REQUIRE_TOOLS").is_some_and(|value| !value.is_empty());
        assert!(!required, "{name} is not installed, and SOCKETSERVER_REQUIRE_TOOLS is set");
        eprintln!("skipped: {name} is not installed");
    }
    found
}
