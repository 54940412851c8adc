//! What a server tells about itself, and the subscriber that writes it to `log`.

use socketserver_net::{Address, Deadline, Traffic};
use std::{fmt, io, time::Duration};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The handler came to its end.
    Completed,
    /// The handler, or `verify_request`, failed with an error.
    Failed,
    /// User code panicked.
    Panicked,
    /// The client went away.
    Disconnected,
    /// A time limit passed.
    TimedOut(Deadline),
    /// `verify_request` said no, or the limit of connections was reached.
    Refused,
    /// It was never run: the mix-in dropped it.
    Dropped,
    /// It was served by a child process, which ended with this status; `None` if a signal ended it.
    InChild(Option<i32>),
}

/// Something that happened in a server.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// `serve_forever` begins.
    Serving {
        /// Where.
        address: &'a Address,
    },
    /// `serve_forever` ends.
    Stopped {
        /// Where.
        address: &'a Address,
    },
    /// A request has been accepted. Exactly one [`RequestEnded`](Event::RequestEnded) with the same number follows.
    RequestStarted {
        /// A number that no other request of this server has.
        id: u64,
        /// Who it is from.
        peer: &'a Address,
    },
    /// A request is over, and its socket closed.
    RequestEnded {
        /// As in [`RequestStarted`](Event::RequestStarted).
        id: u64,
        /// Who it was from.
        peer: &'a Address,
        /// Why it ended.
        outcome: Outcome,
        /// How long it took.
        duration: Duration,
        /// The bytes that passed; none for a datagram, or what a child served.
        traffic: Traffic,
    },
    /// A request could not be accepted. The server goes on, after `back_off` if there is one.
    AcceptFailed {
        /// What the system said.
        error: &'a io::Error,
        /// How long nothing is accepted, so that the loop doesn't spin.
        back_off: Option<Duration>,
    },
    /// So many requests are in progress that the limit of connections is near. Told when one more comes in, and then not again before the
    /// cool-down is over; see `connection_alarm` of the builder.
    ConnectionsHigh {
        /// How many there are.
        active: usize,
        /// How many there may be.
        limit: Option<usize>,
    },
    /// A hook or another piece of user code that belongs to no request panicked.
    HookPanicked {
        /// Its name.
        hook: &'static str,
        /// What it said.
        message: &'a str,
    },
    /// All workers of a pool are busy, and there may be no more of them: clients wait. Told when it has lasted a while, and again
    /// as it goes on; [`WorkersFree`](Event::WorkersFree) ends it.
    WorkersBusy {
        /// How many workers that is.
        busy: usize,
        /// How long none of them has been free.
        for_how_long: Duration,
    },
    /// A worker is free again, after [`WorkersBusy`](Event::WorkersBusy).
    WorkersFree {
        /// How long none was.
        after: Duration,
    },
    /// A worker process has been forked.
    WorkerStarted {
        /// Its process id.
        pid: i32,
    },
    /// A worker process has ended.
    WorkerEnded {
        /// Its process id.
        pid: i32,
        /// Its exit status; `None` if a signal ended it.
        status: Option<i32>,
        /// Whether it was told to, or had served as many requests as it should.
        expected: bool,
        /// How long none is forked in its place, because too many have ended too soon.
        back_off: Duration,
    },
    /// The loop of a worker process hasn't come round for so long that the process is killed.
    WorkerHung {
        /// Its process id.
        pid: i32,
        /// How long it has shown no sign of life.
        silent_for: Duration,
    },
    /// A worker, thread or process, could not be started. The server goes on with those it has.
    WorkerNotStarted {
        /// What the system said.
        error: &'a io::Error,
        /// How long nothing is tried again.
        back_off: Duration,
    },
    /// The process was forked while other threads were alive. The child may hang on a lock that one of them held.
    ForkWithThreads {
        /// How many threads there were.
        threads: usize,
    },
}

/// Hears what happens in a server. Called where it happens, so it should be quick; a panic in it is swallowed.
pub trait Observer: Send + Sync + 'static {
    /// Something happened.
    fn event(&self, event: &Event<'_>);

    /// Whether the events of each request are wanted. If not, they aren't made. As provided, they are.
    fn wants_requests(&self) -> bool {
        true
    }
}

/// Writes events to [`log`], under the target `socketserver`: what an operator must know as warnings, the rest as debug. The default.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogObserver;

impl Observer for LogObserver {
    fn event(&self, event: &Event<'_>) {
        let level = match event {
            Event::AcceptFailed { back_off: Some(_), .. }
            | Event::ConnectionsHigh { .. }
            | Event::ForkWithThreads { .. }
            | Event::WorkersBusy { .. }
            | Event::WorkersFree { .. }
            | Event::WorkerNotStarted { .. }
            | Event::WorkerEnded { expected: false, .. } => log::Level::Warn,
            Event::HookPanicked { .. } | Event::WorkerHung { .. } => log::Level::Error,
            _ => log::Level::Debug,
        };
        log::log!(target: "socketserver", level, "{event}");
    }

    fn wants_requests(&self) -> bool {
        log::log_enabled!(target: "socketserver", log::Level::Debug)
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Serving { address } => write!(f, "serving on {address}"),
            Event::Stopped { address } => write!(f, "stopped serving on {address}"),
            Event::RequestStarted { id, peer } => write!(f, "request {id} from {peer}"),
            Event::RequestEnded { id, peer, outcome, duration, traffic: Traffic { bytes_in, bytes_out } } => {
                write!(
                    f,
                    "request {id} from {peer} ended: {outcome:?} after {duration:?}, {bytes_in} bytes in, {bytes_out} out"
                )
            }
            Event::AcceptFailed { error, back_off: None } => {
                write!(f, "a client could not be accepted: {error}")
            }
            Event::AcceptFailed { error, back_off: Some(wait) } => {
                write!(f, "can't accept, trying again in {wait:?}: {error}")
            }
            Event::ConnectionsHigh { active, limit: Some(limit) } => {
                write!(f, "{active} requests are in progress, of {limit} that may be")
            }
            Event::ConnectionsHigh { active, limit: None } => {
                write!(f, "{active} requests are in progress")
            }
            Event::HookPanicked { hook, message } => write!(f, "{hook} panicked: {message}"),
            Event::WorkersBusy { busy, for_how_long } => {
                write!(f, "all {busy} workers have been busy for {for_how_long:?}, clients wait")
            }
            Event::WorkersFree { after } => write!(f, "a worker is free again after {after:?}"),
            Event::WorkerStarted { pid } => write!(f, "worker process {pid} started"),
            Event::WorkerEnded { pid, status, expected, back_off } => {
                match status {
                    Some(status) => write!(f, "worker process {pid} ended with status {status}")?,
                    None => write!(f, "worker process {pid} was ended by a signal")?,
                }
                match (expected, back_off) {
                    (true, _) => Ok(()),
                    (false, wait) if wait.is_zero() => write!(f, ", and is replaced"),
                    (false, wait) => write!(f, ", and is replaced in {wait:?}"),
                }
            }
            Event::WorkerHung { pid, silent_for } => {
                write!(f, "worker process {pid} has shown no sign of life for {silent_for:?} and is killed")
            }
            Event::WorkerNotStarted { error, back_off } => {
                write!(f, "can't start a worker, trying again in {back_off:?}: {error}")
            }
            Event::ForkWithThreads { threads } => {
                write!(
                    f,
                    "forking with {threads} threads alive: the child may hang on a lock that another one held"
                )
            }
        }
    }
}
