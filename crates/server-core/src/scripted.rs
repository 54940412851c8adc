//! For tests: a server whose clients come when a test says so, and whose loop is the test; whether a thread waits; and forked children.

use crate::{
    Acceptor, Job, MixIn, Refusal, Runs, Server, ServerBuilder, ServerError, ServerHooks, Transport,
};
use parking_lot::Mutex;
use rustix::process::{WaitOptions, waitpid};
use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
use socketserver_net::{UnixAddress, UnixStream};
use socketserver_sys::{Child, Fork, fork};
use std::{
    any::Any,
    collections::VecDeque,
    io,
    os::{
        fd::{AsFd, BorrowedFd, RawFd},
        unix::net,
    },
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

/// A transport that gives what was put there.
pub(crate) struct Script {
    waiting: Mutex<VecDeque<io::Result<net::UnixStream>>>,
    /// It says how many wait.
    pub(crate) counts: bool,
    /// It has taken them in already.
    pub(crate) keeps: bool,
    /// Nothing can be taken, for lack of something.
    pub(crate) fails: AtomicBool,
    never_ready: net::UnixStream,
}

impl Script {
    pub(crate) fn new() -> Self {
        let never_ready = net::UnixStream::pair().unwrap().0;
        never_ready.shutdown(std::net::Shutdown::Write).unwrap();
        Script {
            waiting: Mutex::default(),
            counts: true,
            keeps: false,
            fails: AtomicBool::new(false),
            never_ready,
        }
    }

    /// A client comes: its end.
    pub(crate) fn come(&self) -> net::UnixStream {
        let (here, there) = net::UnixStream::pair().unwrap();
        self.waiting.lock().push_back(Ok(here));
        there
    }

    pub(crate) fn fail(&self, error: io::Error) {
        self.waiting.lock().push_back(Err(error));
    }

    pub(crate) fn left(&self) -> usize {
        self.waiting.lock().len()
    }
}

impl Transport for Script {
    type Request = UnixStream;
    type Address = UnixAddress;

    fn get_request(&self) -> io::Result<(UnixStream, UnixAddress)> {
        if self.fails.load(SeqCst) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let next = self.waiting.lock().pop_front().unwrap_or(Err(io::ErrorKind::WouldBlock.into()))?;
        Ok((next.into(), UnixAddress::Unnamed))
    }
    fn readiness(&self) -> BorrowedFd<'_> {
        self.never_ready.as_fd()
    }
    fn server_address(&self) -> UnixAddress {
        UnixAddress::Unnamed
    }
    fn has_prefetched(&self) -> bool {
        self.keeps && self.left() > 0
    }
    fn backlog(&self) -> Option<usize> {
        self.counts.then(|| self.left())
    }
    fn close_port(&self) -> io::Result<()> {
        Ok(())
    }
    fn shutdown_request(request: &mut UnixStream) {
        let _ = request.shutdown(std::net::Shutdown::Write);
    }
}

/// A state that keeps what hooks are called with.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) rejected: Mutex<Vec<Refusal>>,
    /// How many `close_request` was called for.
    pub(crate) closed: Mutex<usize>,
}

impl ServerHooks<Script> for Notes {
    fn reject_because(&self, _: &mut UnixStream, _: &UnixAddress, reason: Refusal) {
        self.rejected.lock().push(reason);
    }
    fn close_request(&self, request: UnixStream) {
        *self.closed.lock() += 1;
        drop(request);
    }
}

/// A mix-in that doesn't serve, but keeps the acceptor.
#[derive(Default)]
pub(crate) struct Keeps(Mutex<Option<Box<dyn Any + Send>>>);

impl<Kind> Runs<Kind> for Keeps {}

impl Keeps {
    /// That of the last `serve_forever`.
    pub(crate) fn acceptor<T: Transport, S: ServerHooks<T>>(&self) -> Acceptor<T, S> {
        let kept = self.0.lock().take().expect("it was served");
        *kept.downcast().expect("these are its types")
    }
}

impl MixIn for Keeps {
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        job.run();
    }
    fn serve<T: Transport, S: ServerHooks<T>>(&self, acceptor: Acceptor<T, S>) -> Result<(), ServerError> {
        *self.0.lock() = Some(Box::new(acceptor));
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct Nothing;

impl<S> StreamRequestHandler<S> for Nothing {
    fn handle(&mut self, _: &mut StreamContext<'_, S>) -> HandlerResult {
        Ok(())
    }
}

pub(crate) type Builder = ServerBuilder<Script, Nothing, Keeps, Notes>;
pub(crate) type Scripted = Server<Script, Nothing, Keeps, Notes>;

/// A server, and the acceptor of a loop that isn't there: it has been stopped, and can be stopped again.
pub(crate) fn serve(
    script: Script,
    set: impl FnOnce(Builder) -> Builder,
) -> (Scripted, Acceptor<Script, Notes>) {
    let server = set(Scripted::builder()).serve_on(script).unwrap();
    server.serve_forever().unwrap();
    let acceptor = server.mixin().acceptor();
    (server, acceptor)
}

/// It has had some time to end, and hasn't: a wrong end is seen in almost all tries, and a right wait never taken for one.
pub(crate) fn goes_on<R>(wait: &ScopedJoinHandle<'_, R>) -> bool {
    let until = Instant::now() + Duration::from_millis(20);
    while Instant::now() < until && !wait.is_finished() {
        thread::yield_now();
    }
    !wait.is_finished()
}

/// What `code` gives in a forked child. It has copies of what other tests have open: a socket that is to be over then is shut down, not merely dropped.
pub(crate) fn in_child(code: impl FnOnce(&Child) -> i32) -> Option<i32> {
    match fork().unwrap() {
        Fork::Child(child) => {
            let status = code(&child);
            child.exit(status)
        }
        Fork::Parent(pid) => waitpid(Some(pid), WaitOptions::empty()).unwrap()?.1.exit_status(),
    }
}

/// Whether this process has such a descriptor.
pub(crate) fn is_open(fd: RawFd) -> bool {
    std::path::Path::new(&format!("/dev/fd/{fd}")).exists()
}
