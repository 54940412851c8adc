//! Waits for everything that may happen while a command runs: it writes, it ends, its client leaves, its time is up.

use super::{
    output::{Full, Output},
    process::Process,
};
use crate::presence::{GONE, HALF_CLOSED, poll_for};
use rustix::event::{PollFd, PollFlags};
use socketserver::Socket;
use std::{
    io::{self, ErrorKind, Read},
    time::{Duration, Instant},
};

/// How a command came to its end.
pub(super) enum End {
    /// By itself.
    OfItself,
    /// Killed at the deadline.
    Late,
    /// Killed for writing more than there is room for.
    Full,
    /// Killed because its output can't be kept, or never begun; this says which, and why.
    Failed(&'static str, io::Error),
}

/// How long to wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For the command's end.
    pub(super) deadline: Duration,
    /// For the command's end once the client has shut down its sending side, since it may have left for good: TCP shows both in
    /// the same way until something is sent.
    pub(super) half_close: Duration,
}

/// How much of a command's output is taken at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// Where a process's end can't be polled for, it is asked for this often.
const TICK: Duration = Duration::from_millis(20);

/// Takes what the process writes until it ends, or has to. If it has to, it is killed when this returns.
///
/// # Errors
/// [`ConnectionAborted`](ErrorKind::ConnectionAborted) if the client has left.
pub(super) fn follow(
    mut process: Process,
    client: &Socket,
    patience: Patience,
    output: &mut Output,
) -> io::Result<End> {
    let late = Instant::now() + patience.deadline;
    let mut gone = None;
    let mut piece = vec![0; PIECE];
    loop {
        if process.outputs.is_empty() && process.has_ended()? {
            process.done();
            return Ok(End::OfItself);
        }
        let now = Instant::now();
        if now >= late {
            return Ok(End::Late);
        }
        if gone.is_some_and(|gone| now >= gone) {
            return Err(left());
        }
        let interest = if gone.is_none() { HALF_CLOSED } else { PollFlags::empty() };
        let until = gone.map_or(late, |gone| late.min(gone));
        let ready = wait(client, interest, &process, until - now)?;
        if ready.client.intersects(GONE) {
            return Err(left());
        }
        if ready.client.intersects(HALF_CLOSED) {
            gone = Some(now + patience.half_close);
        }
        for at in ready.outputs.into_iter().rev() {
            let (source, pipe) = &mut process.outputs[at];
            match pipe.read(&mut piece) {
                Ok(0) => drop(process.outputs.remove(at)),
                Ok(n) => match output.push(*source, &piece[..n]) {
                    Ok(Ok(())) => {}
                    Ok(Err(Full)) => return Ok(End::Full),
                    Err(error) => return Ok(End::Failed("the output can't be kept", error)),
                },
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

struct Ready {
    client: PollFlags,
    /// Which of the process's outputs can be read, the end of one included.
    outputs: Vec<usize>,
}

fn wait(client: &Socket, interest: PollFlags, process: &Process, time: Duration) -> io::Result<Ready> {
    let mut fds = vec![PollFd::new(client, interest)];
    fds.extend(process.outputs.iter().map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN)));
    let mut time = time;
    if process.outputs.is_empty() {
        match &process.exit {
            Some(exit) => fds.push(PollFd::new(exit, PollFlags::IN)),
            None => time = time.min(TICK),
        }
    }
    poll_for(&mut fds, time)?;
    let outputs = (0..process.outputs.len()).filter(|at| !fds[1 + at].revents().is_empty()).collect();
    Ok(Ready { client: fds[0].revents(), outputs })
}

fn left() -> io::Error {
    io::Error::new(ErrorKind::ConnectionAborted, "the client has left")
}
