//! Shared by the topics, and by the helper programs: serving in the background, waiting for events, counting what this process
//! has, hearing what a server tells.
#![allow(dead_code, reason = "each program that shares this uses a part of it")]

use parking_lot::Mutex;
use socketserver::{BaseServer, Event, Observer, Outcome, ServerError};
use std::{
    env, fs,
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
    loop_thread: ThreadId,
    thread: Option<thread::JoinHandle<Result<(), ServerError>>>,
}

/// Serves `server` on a thread until the returned value is dropped, or something stops it. Clients can connect at once.
pub(crate) fn serve<S: BaseServer + 'static>(server: S) -> Served<S> {
    serve_shared(Arc::new(server))
}

/// [`serve`] for a server that others know too.
pub(crate) fn serve_shared<S: BaseServer + ?Sized + 'static>(server: Arc<S>) -> Served<S> {
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn({
        let server = server.clone();
        move || {
            tell.send(ThreadId::mine()).expect("we wait for it");
            server.serve_forever()
        }
    });
    let loop_thread = told.recv().expect("it tells");
    Served { server, loop_thread, thread: Some(thread) }
}

impl<S: BaseServer + ?Sized + 'static> Served<S> {
    /// Waits until the loop waits: for a client, a wake-up, or whatever else.
    pub(crate) fn wait_until_asleep(&self) {
        wait_for("the loop to sleep", || self.server.handle().is_serving() && self.loop_thread.is_asleep());
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
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + GUARD;
    while !condition() {
        assert!(Instant::now() < end, "waited {GUARD:?} for {what}");
        thread::sleep(Duration::from_millis(1));
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

/// How many descriptors this process has open. To be compared where nothing else in the process opens any.
pub(crate) fn fd_count() -> usize {
    fs::read_dir("/proc/self/fd").expect("/proc is mounted").count() - 1 // the directory itself is one
}

/// How many threads this process has.
pub(crate) fn thread_count() -> usize {
    fs::read_dir("/proc/self/task").expect("/proc is mounted").count()
}

/// The ids of this process's children, those that ended and weren't waited for included.
pub(crate) fn children() -> Vec<u32> {
    let me = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc is mounted").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default(); // it may have gone
        if stat_fields(&stat).nth(1) == Some(&me) {
            found.push(pid);
        }
    }
    found
}

/// Whether the process `pid` has ended and waits for its parent to notice.
pub(crate) fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat_fields(&stat).next() == Some("Z")
}

/// The fields of a `stat` file that follow the name: state, parent …
fn stat_fields(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ')
}

/// Names the calling thread to others, so that they can see whether it sleeps.
#[derive(Debug, Clone)]
pub(crate) struct ThreadId(PathBuf);

impl ThreadId {
    /// Of the calling thread.
    pub(crate) fn mine() -> Self {
        let of_this = fs::read_link("/proc/thread-self").expect("/proc is mounted");
        ThreadId(PathBuf::from("/proc").join(of_this).join("stat"))
    }

    /// Whether it waits for something at this moment.
    pub(crate) fn is_asleep(&self) -> bool {
        let stat = fs::read_to_string(&self.0).unwrap_or_default();
        stat_fields(&stat).next() == Some("S")
    }
}

/// What a [`Recorder`] has heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen {
    Serving,
    Stopped,
    /// A request began: its number, and who it is from.
    Started(u64, String),
    /// A request ended: its number, how, and the bytes in and out.
    Ended(u64, Outcome, (u64, u64)),
    AcceptFailed {
        error: String,
        back_off: Option<Duration>,
    },
    HookPanicked(&'static str, String),
    ForkWithThreads(usize),
    /// Of a kind that has no name here; as text.
    Other(String),
}

/// An observer that keeps what it hears. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Seen>>>);

impl Recorder {
    /// All that was heard, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.0.lock().clone()
    }

    /// How the requests ended, in the order in which they did.
    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |it: &Seen| if let Seen::Ended(_, outcome, _) = it { Some(*outcome) } else { None };
        self.0.lock().iter().filter_map(outcome).collect()
    }
}

impl Observer for Recorder {
    fn event(&self, event: &Event<'_>) {
        self.0.lock().push(match event {
            Event::Serving { .. } => Seen::Serving,
            Event::Stopped { .. } => Seen::Stopped,
            Event::RequestStarted { id, peer } => Seen::Started(*id, peer.to_string()),
            Event::RequestEnded { id, outcome, traffic, .. } => {
                Seen::Ended(*id, *outcome, (traffic.bytes_in, traffic.bytes_out))
            }
            Event::AcceptFailed { error, back_off } => {
                Seen::AcceptFailed { error: error.to_string(), back_off: *back_off }
            }
            Event::HookPanicked { hook, message } => Seen::HookPanicked(hook, message.to_string()),
            Event::ForkWithThreads { threads } => Seen::ForkWithThreads(*threads),
            other => Seen::Other(other.to_string()),
        });
    }
}

/// What goes to `log` under the target `socketserver`, in this process, from the first call of [`logged`] on.
struct Log(Mutex<Vec<(log::Level, String)>>);

static LOG: Log = Log(Mutex::new(Vec::new()));

impl log::Log for Log {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "socketserver"
    }
    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.lock().push((record.level(), record.args().to_string()));
        }
    }
    fn flush(&self) {}
}

/// The lines logged so far that hold `part`. All tests of the process log to the same place, so `part` should be something that is
/// only in one's own, such as a port. The first call starts the recording, so call it once before.
pub(crate) fn logged(part: &str) -> Vec<(log::Level, String)> {
    if log::set_logger(&LOG).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
    LOG.0.lock().iter().filter(|(_, line)| line.contains(part)).cloned().collect()
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
