//! A descriptor that is kept for the moment in which there is no other.

use crate::Event;
use rustix::io::Errno;
use socket2::{Domain, Socket, Type};
use socketserver_sys::{ForkMutex, sync::ForkMutexGuard};
use std::{
    fmt, io,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    time::{Duration, Instant},
};

/// An operator is told at once that descriptors have run out, and then no more often than this.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Given up for a moment when accept(2) lacks a descriptor, so that the client at the head of the backlog can be told. One for all
/// acceptors of a process, who take turns.
pub(crate) struct Reserve {
    /// Of who has it given up, or takes it back: held while hooks of the user's run, for which nothing else may be locked.
    turn: ForkMutex<()>,
    kept: ForkMutex<Kept>,
    /// To be read without the lock: somebody else took it in the moment that it was given up.
    is_missing: AtomicBool,
}

/// While nobody else uses it.
pub(crate) struct Held<'a> {
    _turn: ForkMutexGuard<'a, ()>,
    kept: ForkMutexGuard<'a, Kept>,
}

/// What is behind the lock.
struct Kept {
    /// An open file of its own, not a duplicate: it must help against ENFILE too. A socket, for which no file system is needed.
    socket: Option<Socket>,
    told: Option<Instant>,
    /// The server is closed.
    is_over: bool,
}

impl Reserve {
    pub(crate) fn new() -> io::Result<Self> {
        let kept = Kept { socket: Some(open()?), told: None, is_over: false };
        Ok(Reserve {
            turn: ForkMutex::default(),
            kept: ForkMutex::new(kept),
            is_missing: AtomicBool::new(false),
        })
    }

    /// Whether it may help against this error.
    pub(crate) fn helps(error: &io::Error) -> bool {
        matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
    }

    /// Gives it up while `code` runs, which may close the server, and takes it again. `None` if there is none to be given up, nor to be had.
    pub(crate) fn without<R>(&self, code: impl FnOnce() -> R) -> Option<R> {
        let _turn = self.turn.lock();
        let given_up = {
            let mut kept = self.kept.lock();
            if kept.is_over {
                return None;
            }
            self.is_missing.store(true, SeqCst); // before somebody else can take it
            kept.socket.take().or_else(|| open().ok())
        };
        let result = given_up.map(|socket| {
            drop(socket);
            code()
        });
        if result.is_some() {
            self.take();
        }
        result
    }

    /// Has it again, if it can be had. True if there is one, or is to be none.
    fn take(&self) -> bool {
        let mut kept = self.kept.lock();
        if kept.socket.is_none() && !kept.is_over {
            kept.socket = open().ok();
        }
        let is_missing = kept.socket.is_none() && !kept.is_over;
        self.is_missing.store(is_missing, SeqCst);
        !is_missing
    }

    /// Gets it back, if it is missing; false if that can't be done. To be called when a descriptor could be had, which may have been this one.
    pub(crate) fn restore(&self) -> bool {
        if !self.is_missing.load(SeqCst) {
            return true;
        }
        let _turn = self.turn.lock();
        self.take()
    }

    /// That descriptors have run out, if it is time to tell.
    pub(crate) fn news<'a>(&self, error: &'a io::Error) -> Option<Event<'a>> {
        let mut kept = self.kept.lock();
        let now = Instant::now();
        let is_old = kept.told.is_some_and(|told| now.saturating_duration_since(told) < TELL_EVERY);
        (!is_old).then(|| {
            kept.told = Some(now);
            Event::OutOfDescriptors { error }
        })
    }

    /// The server is closed, though others may still know of it, or be in [`without`](Self::without).
    pub(crate) fn close(&self) {
        let mut kept = self.kept.lock();
        (kept.socket, kept.is_over) = (None, true);
        self.is_missing.store(false, SeqCst); // and isn't looked for
    }

    /// For a fork: while this is held, nobody else holds it.
    pub(crate) fn hold(&self) -> Held<'_> {
        Held { _turn: self.turn.lock(), kept: self.kept.lock() }
    }

    /// In a worker process: the one that it has inherited is its parent's file, and would free none.
    pub(crate) fn renew(&self, held: &mut Held<'_>) {
        let kept = &mut held.kept;
        kept.socket = None;
        kept.socket = open().ok();
        self.is_missing.store(kept.socket.is_none(), SeqCst);
    }
}

fn open() -> io::Result<Socket> {
    Socket::new(Domain::UNIX, Type::DGRAM, None)
}

impl fmt::Debug for Reserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").field("is_missing", &self.is_missing).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
