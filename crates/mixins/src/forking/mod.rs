//! A child process for each request: Python's `ForkingMixIn`.

mod children;
mod telling;
pub(crate) mod threads;
pub(crate) mod watch;

use children::Children;
use parking_lot::Mutex;
use rustix::process::Signal;
use socketserver_core::{Event, Job, MixIn, Outcome, Runs, ServerHooks, Transport};
use socketserver_sys::{Child, Fork, ForkMutex, fork};
use std::{
    io::Write,
    os::fd::BorrowedFd,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, Instant},
};
use telling::Told;
use watch::Watch;

/// Runs each request in a child process of its own: Python's `ForkingMixIn`.
///
/// The child closes the listening socket, runs the handler, and leaves by `_exit`: with status 0, or 1 if the handler failed or
/// panicked. State that it changes is its own copy.
///
/// Children are watched by pidfd, so a child that ends is forgotten at once and none stays behind as a zombie; on a kernel
/// without pidfd a pipe tells instead. Only children of this server are waited for; others are left to whoever made them. Where there is
/// no epoll either (macOS, the BSDs) children are asked every 20 ms while there are any.
///
/// When the server is told to stop, its children are told by SIGURG, which does nothing by default: one whose keep-alive connection is idle
/// ends it, and handlers see `cx.server.is_draining()`. With `shutdown_on_signals` SIGINT and SIGTERM are left to the parent, which has to decide how
/// long requests may go on: a terminal sends the one and a supervisor the other to the children, too.
///
/// Fork a program that has one thread: of the parent's threads only one lives on in the child, and a lock that another one held
/// stays locked there. With more, [`Event::ForkWithThreads`] is emitted (once).
///
/// ```no_run
/// use socketserver_core::TcpServer;
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use socketserver_mixins::ForkingMixIn;
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
///
/// let server = TcpServer::<Upper, ForkingMixIn>::builder()
///     .mixin(ForkingMixIn::default().max_children(10))
///     .bind("127.0.0.1:8080")?;
/// server.serve_forever()?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[derive(Debug)]
pub struct ForkingMixIn {
    max_children: usize,
    block_on_close: bool,
    has_warned: AtomicBool,
    children: ForkMutex<Children>,
    /// Held by who looks for ended children. One who waits for an end holds it too, so that no other takes that end away.
    reaping: Mutex<()>,
    told: Told,
    watch: Watch,
}

impl Default for ForkingMixIn {
    fn default() -> Self {
        ForkingMixIn {
            max_children: 40,
            block_on_close: true,
            has_warned: AtomicBool::new(false),
            children: ForkMutex::default(),
            reaping: Mutex::default(),
            told: Told::default(),
            watch: Watch::new(),
        }
    }
}

impl ForkingMixIn {
    /// How many children there may be at once. Default: 40, at least 1. At the limit further clients wait in the backlog until a
    /// child ends; the loop keeps hearing shutdowns (Python: it blocks in `waitpid`).
    pub fn max_children(mut self, children: usize) -> Self {
        self.max_children = children.max(1);
        self
    }

    /// Whether closing the server waits for its children, however long they take. Default: yes. To bound the wait, end the server
    /// by `Handle::shutdown` first, which has a deadline.
    pub fn block_on_close(mut self, block: bool) -> Self {
        self.block_on_close = block;
        self
    }

    /// The process ids of the children that are at work now. Python: `active_children`.
    pub fn active_children(&self) -> Vec<i32> {
        self.reap();
        self.children.lock().ids()
    }

    fn reap(&self) {
        let mut ended = None;
        if self.has_children()
            && let Some(_reaping) = self.reaping.try_lock()
        {
            ended = Some(self.take_ended());
        } // else somebody waits for ends, and reaps at each
        drop(ended); // no lock is held
    }

    /// Waits until there are no children, and the end of each has been told, no longer than `until`.
    fn wait(&self, until: Option<Instant>) {
        while self.has_children() && until.is_none_or(|until| Instant::now() < until) {
            let reaping = match until {
                Some(until) => self.reaping.try_lock_until(until),
                None => Some(self.reaping.lock()),
            };
            let mut ended = None;
            if reaping.is_some() {
                let taken = ended.insert(self.take_ended());
                if taken.is_empty() && self.has_children() {
                    self.watch.wait(until);
                }
            }
            drop(reaping);
            drop(ended); // as above
        }
        self.reap();
        self.wait_until_told(until);
    }

    /// To be asked first: a forked child has none, and its copy of `reaping` may be held by a thread that it hasn't.
    fn has_children(&self) -> bool {
        !self.children.lock().is_empty()
    }

    fn warn_of_threads<T: Transport, S: ServerHooks<T>>(&self, job: &Job<T, S>, threads: usize) {
        if threads > 1 && !self.has_warned.swap(true, Relaxed) {
            job.emit(&Event::ForkWithThreads { threads });
        }
    }
}

impl<Kind> Runs<Kind> for ForkingMixIn {}

impl MixIn for ForkingMixIn {
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, mut job: Job<T, S>) {
        let threads = threads::count();
        self.warn_of_threads(&job, threads);
        job.before_fork();
        // Held across the fork, so that the child's copy isn't locked by a thread that it doesn't have.
        let mut children = self.children.lock();
        let lifeline = self.watch.lifeline();
        match fork() {
            Ok(Fork::Child(child)) => {
                // What the watch keeps of this child is the reading end; the writing end must stay open to the end.
                let _lifeline = lifeline;
                children.forget();
                drop(children); // a handler may ask for the children, or close the server
                serve_in_child(job, child, threads == 1)
            }
            Ok(Fork::Parent(pid)) => {
                let watched = self.watch.add(pid, lifeline);
                let (kill, tell) = (watched.killer(pid), watched.sender(pid, Signal::URG));
                // Before the lock is let go: whoever comes then sees the child, be it at its end.
                children.insert(pid, watched);
                drop(children);
                let mut ticket = job.close(); // a hook is called, which may ask for the children
                ticket.serve_in_child(pid.as_raw_nonzero().get(), kill, tell);
                let ended = self.children.lock().give(pid, ticket);
                drop(ended);
            }
            Err(error) => {
                drop(children);
                job.fail(format!("no child process for this request: {error}"));
            }
        }
    }

    fn is_ready(&self) -> bool {
        self.children.lock().len() < self.max_children
    }

    fn wake_source(&self) -> Option<BorrowedFd<'_>> {
        self.watch.readiness()
    }

    fn wake_time(&self) -> Option<Instant> {
        // Children that are watched by nothing must be asked, or a loop at the limit would wait for ever.
        let must_ask = !self.watch.is_complete() && self.has_children();
        must_ask.then(|| Instant::now() + Duration::from_millis(20))
    }

    fn service_actions(&self) {
        self.reap();
    }

    fn forks(&self) -> bool {
        true
    }

    fn drain(&self, until: Instant) {
        self.wait(Some(until));
    }

    fn server_close(&self) {
        if self.block_on_close {
            self.wait(None);
        } else {
            self.reap();
        }
    }
}

impl Drop for ForkingMixIn {
    fn drop(&mut self) {
        self.server_close();
    }
}

fn serve_in_child<T: Transport, S: ServerHooks<T>>(
    mut job: Job<T, S>,
    child: Child,
    flush_stdout: bool,
) -> ! {
    job.enter_child(&child);
    child.restore_signals(); // but those that it has left to the parent
    let outcome = job.run();
    if flush_stdout {
        // `_exit` would lose what the handler printed without a newline. With threads around, one that isn't here may have
        // held the lock.
        let _ = std::io::stdout().flush();
    }
    child.exit(match outcome {
        Outcome::Completed | Outcome::Disconnected | Outcome::Refused(_) => 0,
        _ => 1,
    })
}
