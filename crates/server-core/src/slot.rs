//! The page of memory that a worker process shares with its parent.

use crate::{Limit, limit::Policy, stats::CELLS};
use socketserver_sys::SharedWords;
use std::{
    io,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::{Duration, Instant},
};

/// The worker writes, the parent reads; of what the one wants of the other, the other way round too. It survives the worker's end,
/// however that came.
#[derive(Debug)]
pub(crate) struct Slot {
    words: SharedWords,
    /// Points in time are told by their distance from this one, which both processes have.
    since: Instant,
}

/// Behind the counts:
const PHASE: usize = CELLS;
const BEATS: usize = CELLS + 1;
const IN_REQUEST: usize = CELLS + 2;
const ASKS_TO_STOP: usize = CELLS + 3;
const PID: usize = CELLS + 4;
/// How many questions the worker has heard.
const HEARD: usize = CELLS + 5;
/// Which wishes of the parent's are new: the sum of their bits.
const NEW_WISHES: usize = CELLS + 6;
const SUSPENDED: usize = CELLS + 7;
const LIMIT_MAX: usize = CELLS + 8;
const LIMIT_POLICY: usize = CELLS + 9;
const LIMIT_PEERS: usize = CELLS + 10;
const PORT_CLOSED: usize = CELLS + 11;
const LIMIT_HANDSHAKES: usize = CELLS + 12;
const STOP_AT: usize = CELLS + 13;
const RETIRE_AT: usize = CELLS + 14;
/// What made the listening socket unusable for it: an error's number, or [`NO_NUMBER`].
const UNUSABLE: usize = CELLS + 15;
/// The port has been closed since the worker was forked, be it open again.
const PORT_WAS_CLOSED: usize = CELLS + 16;
const LENGTH: usize = CELLS + 17;

/// Of an error that isn't the system's.
const NO_NUMBER: u64 = u64::MAX;

/// What a parent wants of a worker. Of each kind only the last one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// That it accepts nothing for now, or accepts again.
    Suspend(bool),
    Limit(Limit),
    LimitPeers(Option<usize>),
    LimitHandshakes(Option<usize>),
    /// That it stops accepting when nobody waits in its socket any more.
    Leave,
    /// That it gives its place to another: it stops accepting, and ends when those who have come by then have been served. Until when at most.
    Retire(Option<Instant>),
    /// That it stops accepting, and when requests in progress must have ended.
    Stop(Option<Instant>),
}

const NEW_SUSPENDED: u64 = 1;
const NEW_LIMIT: u64 = 2;
const NEW_LIMIT_PEERS: u64 = 4;
const NEW_LIMIT_HANDSHAKES: u64 = 8;
const NEW_LEAVE: u64 = 16;
const NEW_STOP: u64 = 32;
const NEW_RETIRE: u64 = 64;

/// What a worker process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerPhase {
    /// It has been forked, and doesn't accept yet.
    Starting,
    /// It accepts and serves.
    Serving,
    /// It accepts no more, and ends when the requests in progress have ended.
    Leaving,
}

impl Slot {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Slot { words: SharedWords::new(LENGTH)?, since: Instant::now() })
    }

    pub(crate) fn counts(&self) -> &[AtomicU64] {
        &self.words[..CELLS]
    }

    pub(crate) fn phase(&self) -> WorkerPhase {
        match self.words[PHASE].load(SeqCst) {
            0 => WorkerPhase::Starting,
            1 => WorkerPhase::Serving,
            _ => WorkerPhase::Leaving,
        }
    }

    pub(crate) fn set_phase(&self, phase: WorkerPhase) {
        self.words[PHASE].store(phase as u64, SeqCst);
    }

    /// Of the worker.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.words[PID].load(SeqCst)).unwrap_or_default()
    }

    pub(crate) fn set_pid(&self, pid: i32) {
        self.words[PID].store(u64::try_from(pid).unwrap_or_default(), SeqCst);
    }

    pub(crate) fn heard(&self) -> u64 {
        self.words[HEARD].load(SeqCst)
    }

    /// The worker has heard a question.
    pub(crate) fn hear(&self) {
        self.words[HEARD].fetch_add(1, SeqCst);
    }

    /// Leaves a wish for the worker, which has to be told to look.
    pub(crate) fn wish(&self, wish: Wish) {
        let store = |at: usize, number: u64| self.words[at].store(number, SeqCst);
        let bit = match wish {
            Wish::Suspend(suspended) => {
                store(SUSPENDED, suspended.into());
                NEW_SUSPENDED
            }
            Wish::Limit(limit) => {
                store(LIMIT_MAX, limit.max as u64);
                store(LIMIT_POLICY, limit.policy.to_number());
                NEW_LIMIT
            }
            Wish::LimitPeers(max) => {
                store(LIMIT_PEERS, some_or_greatest(max));
                NEW_LIMIT_PEERS
            }
            Wish::LimitHandshakes(max) => {
                store(LIMIT_HANDSHAKES, some_or_greatest(max));
                NEW_LIMIT_HANDSHAKES
            }
            Wish::Leave => NEW_LEAVE,
            Wish::Retire(until) => {
                store(RETIRE_AT, self.time_to_number(until));
                NEW_RETIRE
            }
            Wish::Stop(until) => {
                store(STOP_AT, self.time_to_number(until));
                NEW_STOP
            }
        };
        self.words[NEW_WISHES].fetch_or(bit, SeqCst);
    }

    /// What is wished since the last look. What is wished during this one may be seen now, and is seen at the next.
    pub(crate) fn take_wishes(&self) -> impl Iterator<Item = Wish> {
        let new = self.words[NEW_WISHES].swap(0, SeqCst);
        let number = |at: usize| self.words[at].load(SeqCst);
        let size = |at: usize| usize::try_from(number(at)).unwrap_or(usize::MAX);
        let suspend = Wish::Suspend(number(SUSPENDED) != 0);
        let policy = Policy::from_number(number(LIMIT_POLICY));
        let limit = Wish::Limit(Limit { max: size(LIMIT_MAX), policy });
        let some = |at: usize| (number(at) != u64::MAX).then(|| size(at));
        let time = |at: usize| self.time_from_number(number(at));
        let all = [
            (NEW_SUSPENDED, suspend),
            (NEW_LIMIT, limit),
            (NEW_LIMIT_PEERS, Wish::LimitPeers(some(LIMIT_PEERS))),
            (NEW_LIMIT_HANDSHAKES, Wish::LimitHandshakes(some(LIMIT_HANDSHAKES))),
            (NEW_LEAVE, Wish::Leave),
            (NEW_RETIRE, Wish::Retire(time(RETIRE_AT))),
            (NEW_STOP, Wish::Stop(time(STOP_AT))),
        ];
        all.into_iter().filter(move |(bit, _)| new & bit != 0).map(|(_, wish)| wish)
    }

    /// The greatest number for never.
    fn time_to_number(&self, time: Option<Instant>) -> u64 {
        let from_here = time.map(|time| time.saturating_duration_since(self.since).as_nanos());
        from_here.and_then(|it| u64::try_from(it).ok()).unwrap_or(u64::MAX)
    }

    fn time_from_number(&self, number: u64) -> Option<Instant> {
        let from_here = Some(number).filter(|it| *it != u64::MAX);
        from_here.and_then(|it| self.since.checked_add(Duration::from_nanos(it)))
    }

    pub(crate) fn beats(&self) -> u64 {
        self.words[BEATS].load(SeqCst)
    }

    pub(crate) fn beat(&self) {
        self.words[BEATS].fetch_add(1, SeqCst);
    }

    pub(crate) fn is_in_request(&self) -> bool {
        self.words[IN_REQUEST].load(SeqCst) != 0
    }

    pub(crate) fn set_in_request(&self, is: bool) {
        self.words[IN_REQUEST].store(is.into(), SeqCst);
    }

    /// What the parent says of the port, before it does it.
    pub(crate) fn set_port_closed(&self, closed: bool) {
        if closed {
            self.words[PORT_WAS_CLOSED].store(1, SeqCst);
        }
        self.words[PORT_CLOSED].store(closed.into(), SeqCst);
    }

    pub(crate) fn is_port_closed(&self) -> bool {
        self.words[PORT_CLOSED].load(SeqCst) != 0
    }

    /// The worker can't accept any more.
    pub(crate) fn cannot_accept(&self, error: &io::Error) {
        let number = error.raw_os_error().and_then(|number| u64::try_from(number).ok());
        self.words[UNUSABLE].store(number.filter(|it| *it != 0).unwrap_or(NO_NUMBER), SeqCst);
    }

    /// Why it can't, if it has said so.
    pub(crate) fn why_it_cannot_accept(&self) -> Option<io::Error> {
        let number = self.words[UNUSABLE].load(SeqCst);
        let other = || io::Error::other("a worker process couldn't accept");
        (number != 0).then(|| i32::try_from(number).map_or_else(|_| other(), io::Error::from_raw_os_error))
    }

    pub(crate) fn was_port_closed(&self) -> bool {
        self.words[PORT_WAS_CLOSED].load(SeqCst) != 0
    }

    /// Asks the parent to stop the server; requests in progress may go on for `grace`.
    pub(crate) fn ask_to_stop(&self, grace: Option<Duration>) {
        self.words[ASKS_TO_STOP].store(written(grace).saturating_add(1).max(1), SeqCst);
    }

    /// Whether the worker asks for that; once.
    pub(crate) fn take_ask(&self) -> Option<Option<Duration>> {
        match self.words[ASKS_TO_STOP].swap(0, SeqCst) {
            0 => None,
            asked => Some(read(if asked == u64::MAX { asked } else { asked - 1 })),
        }
    }
}

/// A limit as a number: the greatest for none at all.
pub(crate) fn some_or_greatest(max: Option<usize>) -> u64 {
    max.map_or(u64::MAX, |max| max as u64)
}

/// A grace period as a number: milliseconds, the greatest for none at all.
fn written(grace: Option<Duration>) -> u64 {
    let number = |grace: Duration| u64::try_from(grace.as_millis()).ok().filter(|it| *it < u64::MAX);
    grace.and_then(number).unwrap_or(u64::MAX)
}

fn read(written: u64) -> Option<Duration> {
    (written != u64::MAX).then(|| Duration::from_millis(written))
}

#[cfg(test)]
#[path = "slot/tests.rs"]
mod tests;
