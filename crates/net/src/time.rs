//! Time limits on a socket: kept as numbers, without a system call, and named in the error when one passes.

use std::{
    fmt, io,
    sync::{
        OnceLock,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Which time limit passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deadline {
    /// One read took longer than `settimeout` allows.
    Read,
    /// One write, all of it, took longer than `settimeout` allows: the peer doesn't take what it is sent, or not fast enough.
    Write,
    /// The peer didn't finish a handshake in time.
    Handshake,
    /// A keep-alive connection was silent for too long between two requests.
    Idle,
    /// A whole request took too long, however many reads and writes it was made of.
    Request,
}

/// A time limit passed: Python's `TimeoutError`, which also says which limit it was.
///
/// Arrives inside an [`io::Error`] of kind [`TimedOut`](io::ErrorKind::TimedOut).
///
/// ```
/// use socketserver_net::{Deadline, TimedOut, TcpStream};
/// use std::{net::TcpListener, time::Duration};
///
/// let silent = TcpListener::bind("127.0.0.1:0")?;
/// let client = TcpStream::connect(silent.local_addr()?)?;
/// client.settimeout(Some(Duration::from_millis(1)));
/// let error = client.recv(&mut [0; 64]).unwrap_err();
/// assert_eq!(TimedOut::of(&error).map(|it| it.deadline), Some(Deadline::Read));
/// assert_eq!(error.to_string(), "read timed out");
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TimedOut {
    /// The limit that passed.
    pub deadline: Deadline,
}

impl TimedOut {
    /// The passing of `deadline`.
    pub fn new(deadline: Deadline) -> Self {
        TimedOut { deadline }
    }

    /// Finds out whether `error` is a time limit of ours that passed, and which. Looks at the error itself and at what it
    /// was made from.
    pub fn of(error: &(dyn std::error::Error + 'static)) -> Option<TimedOut> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(this) = error.downcast_ref::<TimedOut>() {
                return Some(*this);
            }
            next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.deadline {
            Deadline::Read => "read timed out",
            Deadline::Write => "write timed out",
            Deadline::Handshake => "the handshake took too long",
            Deadline::Idle => "idle for too long",
            Deadline::Request => "the request took too long",
        })
    }
}
impl std::error::Error for TimedOut {}
impl From<TimedOut> for io::Error {
    fn from(this: TimedOut) -> Self {
        io::Error::new(io::ErrorKind::TimedOut, this)
    }
}

/// How long an operation may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    Forever,
    NotAtAll,
    Until(Instant, Deadline),
}

impl Patience {
    /// Fails if it is at its end.
    pub(crate) fn check(self) -> io::Result<()> {
        match self {
            Patience::Until(end, deadline) if Instant::now() >= end => Err(TimedOut::new(deadline).into()),
            _ => Ok(()),
        }
    }
}

/// The limits of one socket. Relaxed atomics: a limit that is changed while another thread waits holds from its next wait.
#[derive(Debug)]
pub(crate) struct Limits {
    read: AtomicU64,
    write: AtomicU64,
    deadline: AtomicU64,
    deadline_is: AtomicU8,
}

const NONE: u64 = u64::MAX;

impl Limits {
    pub(crate) fn none() -> Self {
        Limits {
            read: AtomicU64::new(NONE),
            write: AtomicU64::new(NONE),
            deadline: AtomicU64::new(NONE),
            deadline_is: AtomicU8::new(0),
        }
    }

    pub(crate) fn set_read(&self, limit: Option<Duration>) {
        self.read.store(limit.map_or(NONE, nanos), Relaxed);
    }

    pub(crate) fn set_write(&self, limit: Option<Duration>) {
        self.write.store(limit.map_or(NONE, nanos), Relaxed);
    }

    pub(crate) fn read(&self) -> Option<Duration> {
        some_duration(&self.read)
    }

    pub(crate) fn write(&self) -> Option<Duration> {
        some_duration(&self.write)
    }

    pub(crate) fn set_deadline(&self, deadline: Option<(Instant, Deadline)>) {
        match deadline {
            Some((at, is)) => {
                self.deadline_is.store(
                    match is {
                        Deadline::Handshake => 1,
                        Deadline::Idle => 2,
                        _ => 0,
                    },
                    Relaxed,
                );
                self.deadline.store(nanos(at.saturating_duration_since(epoch())), Relaxed);
            }
            None => self.deadline.store(NONE, Relaxed),
        }
    }

    pub(crate) fn deadline(&self) -> Option<(Instant, Deadline)> {
        some_duration(&self.deadline).map(|since| (epoch() + since, self.deadline_is()))
    }

    fn deadline_is(&self) -> Deadline {
        match self.deadline_is.load(Relaxed) {
            1 => Deadline::Handshake,
            2 => Deadline::Idle,
            _ => Deadline::Request,
        }
    }

    /// How long a read (`Deadline::Read`) or a write may wait if it starts now. No clock is read when nothing limits it.
    pub(crate) fn patience(&self, side: Deadline) -> Patience {
        let each = if side == Deadline::Read { &self.read } else { &self.write }.load(Relaxed);
        let whole = self.deadline.load(Relaxed);
        if each == 0 {
            return Patience::NotAtAll;
        }
        if each == NONE && whole == NONE {
            return Patience::Forever;
        }
        let epoch = epoch();
        let own_end = match each {
            NONE => NONE,
            each => nanos(epoch.elapsed()).saturating_add(each),
        };
        if own_end <= whole {
            Patience::Until(epoch + Duration::from_nanos(own_end), side)
        } else {
            Patience::Until(epoch + Duration::from_nanos(whole), self.deadline_is())
        }
    }
}

/// What deadlines are counted from, so that one fits an atomic number. A deadline before it has passed anyway.
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// Saturates one short of "none": 584 years are as good as for ever.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NONE - 1).min(NONE - 1)
}

fn some_duration(limit: &AtomicU64) -> Option<Duration> {
    let limit = limit.load(Relaxed);
    (limit != NONE).then(|| Duration::from_nanos(limit))
}

#[cfg(test)]
mod tests;
