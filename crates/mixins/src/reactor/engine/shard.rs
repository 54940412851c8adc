//! An epoll with the connections that wait in it.

use super::{
    guest::Guest,
    slots::{Key, Slot, Slots},
    timers::Timers,
};
use crate::sync::{Mutex, MutexGuard};
use rustix::event::{EventfdFlags, epoll, eventfd};
use socketserver_handlers::{HandlerResult, guarded};
use socketserver_net::Wire;
use socketserver_sys::sync::waking_call;
use std::{
    collections::VecDeque,
    io, mem,
    os::fd::OwnedFd,
    sync::{
        Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Which worker has the seat of a shard: a number that changes whenever somebody sits down or gets up.
pub(super) type Term = u64;

/// One worker at a time has the shard's seat: it waits, and runs what is ready. See `seat.rs` for what it does, `crew.rs` for who
/// sits where.
pub(super) struct Shard {
    pub(super) epoll: OwnedFd,
    /// Makes the worker look at what else has changed.
    wake: OwnedFd,
    /// What deadlines are counted from.
    epoch: Instant,
    state: Mutex<State>,
    /// How many connections are here, to be read without the lock.
    load: AtomicUsize,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) slots: Slots,
    pub(super) timers: Timers,
    /// Connections that are to be run though no event tells of them: those that no worker has looked at yet, and those that wait for their turn.
    pub(super) queue: VecDeque<Key>,
    /// Connections that are being run, by the worker on the seat or one that has lost it meanwhile.
    pub(super) running: usize,
    pub(super) term: Term,
    /// The worker on the seat is in a handler.
    pub(super) is_busy: bool,
    /// Counts handlers.
    pub(super) beat: u64,
    /// What the watch saw of that count.
    pub(super) seen: u64,
    /// The watch sleeps, and is to be called when the next handler is run.
    pub(super) calls_watch: bool,
    /// The worker on the seat waits, and must be woken for what isn't an event.
    pub(super) is_waiting: bool,
    /// How long it waits, at most.
    pub(super) waits_until: u64,
    /// Nothing waits here any more: what has nothing in progress is closed.
    pub(super) is_draining: bool,
    /// Connections belong here.
    pub(super) is_wanted: bool,
    /// Somebody sits here, or will. If not, there are no connections, and none come.
    pub(super) is_manned: bool,
    /// Nothing comes here any more.
    pub(super) is_closed: bool,
    /// Where the search for connections to be closed has got to.
    pub(super) swept: usize,
}

/// Why a shard doesn't take a new connection in.
pub(super) enum NotAdmitted {
    Failed(Box<dyn Guest>, io::Error),
    Unmanned(Box<dyn Guest>, Weak<dyn Wire>),
}

/// Why a shard doesn't take a connection in that waited in another.
pub(super) enum NotAdopted {
    /// It is to be ended, with this.
    Ended(Box<dyn Guest>, HandlerResult),
    Unmanned(Box<dyn Guest>, Weak<dyn Wire>),
}

impl State {
    pub(super) fn parked(&self) -> usize {
        self.slots.len() - self.running
    }
}

impl Shard {
    pub(super) fn new(epoch: Instant) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Edge-triggered: each write is an event, and none has to be read.
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &wake, Key::WAKE.event(), flags)?;
        Ok(Shard { epoll, wake, epoch, state: Mutex::default(), load: AtomicUsize::new(0) })
    }

    /// Takes in a new connection, which a worker looks at as soon as it can.
    pub(super) fn admit(
        &self,
        guest: Box<dyn Guest>,
        wire: Weak<dyn Wire>,
        number: u16,
    ) -> Result<(), NotAdmitted> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(NotAdmitted::Failed(guest, io::Error::other("the server is closed")));
        }
        if !state.is_manned {
            return Err(NotAdmitted::Unmanned(guest, wire));
        }
        let key = match state.slots.insert(guest, wire, number) {
            Ok(key) => key,
            Err(guest) => return Err(NotAdmitted::Failed(guest, io::Error::other("too many connections"))),
        };
        state.queue.push_back(key);
        self.count(&state);
        let must_wake = mem::take(&mut state.is_waiting);
        drop(state); // before the worker wakes up and wants it
        if must_wake {
            self.wake();
        }
        Ok(())
    }

    /// Has a connection watched. This and [`disarm`](Self::disarm) are the only system calls that change the epoll; a request needs neither.
    pub(super) fn arm(&self, slot: &mut Slot, key: Key) -> HandlerResult {
        if !slot.is_armed {
            let wire = slot.wire.upgrade().ok_or(io::Error::from(io::ErrorKind::NotConnected))?;
            // It may be a wire of the user's own.
            guarded(|| {
                let socket = wire.socket().ok_or(io::Error::from(io::ErrorKind::Unsupported))?;
                // Level-triggered, so that what one worker doesn't get to is reported to the next.
                Ok(waking_call(|| epoll::add(&self.epoll, socket, key.event(), epoll::EventFlags::IN))?)
            })?;
            slot.is_armed = true;
        }
        Ok(())
    }

    /// Has a connection watched no more. A wire of the user's own that panics here ends nothing.
    pub(super) fn disarm(&self, slot: &mut Slot) {
        let Slot { wire, is_armed, .. } = slot;
        let _ = guarded(|| {
            if mem::take(is_armed)
                && let Some(wire) = wire.upgrade()
                && let Some(socket) = wire.socket()
            {
                let _ = waking_call(|| epoll::delete(&self.epoll, socket)); // it is there
            }
            Ok(())
        });
    }

    /// From now on, what has nothing in progress is closed; if `for_good`, nothing is taken in any more.
    pub(super) fn drain(&self, for_good: bool) {
        let mut state = self.lock();
        state.is_draining = true;
        state.is_closed |= for_good;
        drop(state);
        self.wake();
    }

    /// Connections may wait again.
    pub(super) fn resume(&self) {
        let mut state = self.lock();
        state.is_draining = state.is_closed;
    }

    /// Whether nothing waits here any more, and nothing will.
    pub(super) fn is_swept(&self) -> bool {
        let state = self.lock();
        state.is_closed && state.parked() == 0
    }

    /// How many connections are here.
    pub(super) fn load(&self) -> usize {
        self.load.load(Relaxed)
    }

    /// How many of them wait.
    pub(super) fn parked(&self) -> usize {
        self.lock().parked()
    }

    pub(super) fn count(&self, state: &State) {
        self.load.store(state.slots.len(), Relaxed);
    }

    pub(super) fn wake(&self) {
        let _ = waking_call(|| rustix::io::write(&self.wake, &1_u64.to_ne_bytes())); // the counter can't fill up in this world's time
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Now, as deadlines are counted.
    pub(super) fn now(&self) -> u64 {
        nanos(self.epoch.elapsed())
    }
}

/// Saturates at 584 years.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
