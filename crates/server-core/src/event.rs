//! What a server tells about itself.

mod display;

use crate::{Outcome, ServerError, Stats};
use socketserver_net::{Address, Traffic};
use std::{io, time::Duration};

/// Something that happened in a server.
///
/// There are spans within spans: a server serves, has connections, and these have requests. Each has exactly one start and one end, whatever
/// happens, and the end carries its duration, its bytes, and why it ended.
///
/// | span | from | to | in it |
/// |---|---|---|---|
/// | server | [`Serving`](Event::Serving) | [`Stopped`](Event::Stopped) | what is accepted by `serve_forever`, and may overlive it |
/// | connection | [`ConnectionStarted`](Event::ConnectionStarted) | [`ConnectionEnded`](Event::ConnectionEnded) | its requests, if its handler is a keep-alive handler; with any other, a connection is one request, and has no further span |
/// | request | [`RequestStarted`](Event::RequestStarted) | [`RequestEnded`](Event::RequestEnded) | – |
///
/// A datagram is a request without connection. So [`Stats`], which counts what is accepted, counts the connections and those
/// requests whose `connection` is `None`.
///
/// # In other processes
///
/// Of a child that was forked for one connection, or one datagram, its parent tells: the start when it accepts, and the end when the child
/// has ended, with the outcome and the bytes that it has come to say, or with [`Outcome::InChild`] if it was killed before that, and the
/// bytes that had passed by then. Single requests of a keep-alive connection in there are told by nobody.
///
/// A worker process (of a prefork server) has a copy of the observer, which hears all of the connections and requests of that process, and no
/// others. Their numbers are different in each process. The parent's own hears of processes ([`WorkerStarted`](Event::WorkerStarted),
/// [`WorkerEnded`](Event::WorkerEnded)) and of the server. What a worker that is killed had begun is told by nobody to have
/// ended: the copy that had heard the starts is gone, and the parent's, which hasn't, would count below nothing. [`WorkerEnded`](Event::WorkerEnded)
/// says how many that were, and the parent's [`Stats`] count them as failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// `serve_forever` begins. Exactly one [`Stopped`](Event::Stopped) follows.
    Serving {
        /// Where.
        address: &'a Address,
    },
    /// `serve_forever` ends.
    Stopped {
        /// Where.
        address: &'a Address,
        /// How long it took.
        duration: Duration,
        /// What `serve_forever` fails with; `None` if it was told to stop.
        error: Option<&'a ServerError>,
        /// Counts since the server was made. What is still active goes on, without the loop.
        stats: &'a Stats,
    },
    /// A connection has been accepted. Exactly one [`ConnectionEnded`](Event::ConnectionEnded) with the same number follows.
    ConnectionStarted {
        /// A number that no other connection or request of this server has. The same as in [`ConnectionInfo`](crate::ConnectionInfo).
        id: u64,
        /// Who it is from.
        peer: &'a Address,
    },
    /// A connection is over, and its socket closed.
    ConnectionEnded {
        /// As in [`ConnectionStarted`](Event::ConnectionStarted).
        id: u64,
        /// Who it was from.
        peer: &'a Address,
        /// Why it ended.
        outcome: Outcome,
        /// Whether it was ended by force, in whichever way: at the deadline of a shutdown, or by
        /// [`Handle::close_connection`](crate::Handle::close_connection).
        forced: bool,
        /// How long it took, with what it waited for.
        duration: Duration,
        /// The bytes that passed.
        traffic: Traffic,
    },
    /// A datagram has been accepted, or the first byte of a request has arrived on a keep-alive connection. Exactly one
    /// [`RequestEnded`](Event::RequestEnded) with the same number follows.
    RequestStarted {
        /// A number that no other request or connection of this server has.
        id: u64,
        /// The connection that it is a part of, between whose start and end it starts and ends; `None` for a datagram.
        connection: Option<u64>,
        /// Who it is from.
        peer: &'a Address,
    },
    /// A request is over. Of a datagram: all is done. Of a keep-alive connection: the handler has come to its end, on the thread that told
    /// the start, and the reply has been sent unless more requests have arrived behind.
    RequestEnded {
        /// As in [`RequestStarted`](Event::RequestStarted).
        id: u64,
        /// As there.
        connection: Option<u64>,
        /// Who it was from.
        peer: &'a Address,
        /// Why it ended.
        outcome: Outcome,
        /// Whether it, or its connection, was ended by force.
        forced: bool,
        /// How long it took; of a keep-alive connection without the time between two requests.
        duration: Duration,
        /// The bytes of the request and of its reply.
        traffic: Traffic,
    },
    /// A connection was closed while its client was still sending, at the bounds of the builder's [`linger`](crate::ServerBuilder::linger): what the
    /// client hadn't received by then may be lost.
    CutOff {
        /// As in [`ConnectionStarted`](Event::ConnectionStarted); its end follows.
        id: u64,
        /// Who it was from.
        peer: &'a Address,
        /// How many bytes were thrown away by then.
        discarded: u64,
    },
    /// A request could not be accepted. The server goes on, after `back_off` if there is one.
    AcceptFailed {
        /// What the system said.
        error: &'a io::Error,
        /// How long nothing is accepted, so that the loop doesn't spin.
        back_off: Option<Duration>,
    },
    /// No descriptor is left for a client, which was told by the reserved one and refused. Told once, and then again every 10 s while it
    /// goes on; see `reserve_descriptor` of the builder.
    OutOfDescriptors {
        /// What the system said.
        error: &'a io::Error,
    },
    /// The port that was closed by [`Handle::close_port`](crate::Handle::close_port) could not be opened again; it is closed still.
    PortNotReopened {
        /// Where.
        address: &'a Address,
        /// What the system said.
        error: &'a io::Error,
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
    /// A child that was forked for one request was ended by a signal, and not by us: it crashed, lacked memory, or somebody killed it.
    /// Its request has failed; the end of that is told as always, [`Outcome::InChild`].
    ChildKilled {
        /// Its process id.
        pid: i32,
        /// Whom it served.
        peer: &'a Address,
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
        /// How many requests were in progress in it, which nobody tells the ends of. They have failed.
        lost: usize,
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

impl Event<'_> {
    /// How much it matters: an error, a warning of what an operator must know, or debug for all the rest.
    pub fn level(&self) -> log::Level {
        match self {
            Event::AcceptFailed { back_off: Some(_), .. }
            | Event::OutOfDescriptors { .. }
            | Event::ConnectionsHigh { .. }
            | Event::ForkWithThreads { .. }
            | Event::ChildKilled { .. }
            | Event::WorkersBusy { .. }
            | Event::WorkersFree { .. }
            | Event::WorkerNotStarted { .. }
            | Event::WorkerEnded { expected: false, .. } => log::Level::Warn,
            Event::HookPanicked { .. } | Event::PortNotReopened { .. } | Event::WorkerHung { .. } => {
                log::Level::Error
            }
            _ => log::Level::Debug,
        }
    }
}
