//! What the worker on a shard's seat does with the shard, and how it gets there and away.

use super::{
    guest::Guest,
    shard::{Shard, State, Term},
    slots::{Awaits, Key, NEVER},
};
use crate::sync::epoll_wait;
use rustix::{
    event::{Timespec, epoll},
    io::Errno,
};
use socketserver_handlers::HandlerResult;
use socketserver_net::TimedOut;
use std::{thread, time::Duration};

/// What the worker does next.
pub(super) enum Plan {
    /// It waits. Then connections may be `due` to be closed, as of this time.
    Wait { timeout: Option<Timespec>, due: Option<u64> },
    /// It gets up: the seat is another's, or the shard is closed.
    Leave,
}

/// A connection that a worker runs.
pub(super) struct Taken {
    pub(super) key: Key,
    pub(super) guest: Box<dyn Guest>,
    /// By which it is decided what shard it belongs to.
    pub(super) number: u16,
    /// No worker has looked at it before.
    pub(super) is_new: bool,
    /// The event may tell of what has been served already: whoever runs it without looking waits for its client, for as long as that is silent.
    pub(super) is_doubtful: bool,
    /// The watch sleeps, and is to be called.
    pub(super) calls_watch: bool,
}

/// Why there is nothing to run.
pub(super) enum NotTaken {
    /// The connection is gone, or another worker runs it.
    Nothing,
    /// The seat is another's, who gets this event too, and all that follow.
    NotSeated,
}

impl Shard {
    /// Sits down, which relieves whoever sits there.
    pub(super) fn sit(&self) -> Term {
        let mut state = self.lock();
        state.change_seat();
        state.term
    }

    /// Gets up in the middle of a handler that is about to wait, which may take long. False if the seat is another's already.
    pub(super) fn vacate(&self, term: Term, running: Option<Key>) -> bool {
        let mut state = self.lock();
        if state.term != term {
            return false;
        }
        state.change_seat();
        // What the handler waits for mustn't wake the next worker.
        if let Some(slot) = running.and_then(|key| state.slots.get(key)) {
            self.disarm(slot);
        }
        true
    }

    /// What there is to do for the worker of this term.
    pub(super) fn plan(&self, term: Term) -> Plan {
        let mut state = self.lock();
        let has_to_sweep = state.is_draining && state.parked() > 0;
        if state.term != term || (state.is_closed && !has_to_sweep) {
            return Plan::Leave;
        }
        if !state.is_wanted && state.slots.len() == 0 {
            state.is_manned = false;
            state.change_seat();
            return Plan::Leave;
        }
        if has_to_sweep {
            return Plan::Wait { timeout: Some(Timespec::default()), due: Some(self.now()) };
        }
        let State { slots, timers, queue, is_waiting, waits_until, .. } = &mut *state;
        // No clock is read where nobody has a deadline.
        let next = timers.next(slots).map(|(at, _)| (at, self.now()));
        let due = next.filter(|(at, now)| at <= now).map(|(_, now)| now);
        if !queue.is_empty() {
            return Plan::Wait { timeout: Some(Timespec::default()), due };
        }
        *is_waiting = true;
        *waits_until = next.map_or(NEVER, |(at, _)| at);
        let left = next.map(|(at, now)| Duration::from_nanos(at.saturating_sub(now)));
        let left = left.map(|left| left.min(Duration::from_secs(86_400)));
        Plan::Wait { timeout: left.and_then(|left| left.try_into().ok()), due }
    }

    /// Waits for events, as many as there is room for.
    pub(super) fn wait(&self, events: &mut Vec<epoll::Event>, timeout: Option<Timespec>) {
        events.clear();
        match epoll_wait(&self.epoll, rustix::buffer::spare_capacity(events), timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            // With an epoll of our own and a valid buffer, nothing but a lack of memory is left: a worker outlives that.
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }

    /// Takes what an event is about, to run it.
    pub(super) fn take(&self, key: Key, term: Term) -> Result<Taken, NotTaken> {
        let mut state = self.lock();
        if state.term != term {
            return Err(NotTaken::NotSeated);
        }
        state.is_waiting = false;
        let slot = state.slots.get(key).ok_or(NotTaken::Nothing)?;
        if slot.guest.is_some() && slot.awaits != Awaits::Client {
            return Err(NotTaken::Nothing); // it has its turn without this
        }
        let number = slot.number;
        match slot.guest.take() {
            Some(guest) => {
                let is_doubtful = std::mem::take(&mut slot.is_late);
                Ok(Taken { is_doubtful, ..state.begin(key, guest, number) })
            }
            None => {
                // It would be reported again and again; who runs it will have it watched again.
                self.disarm(slot);
                Err(NotTaken::Nothing)
            }
        }
    }

    /// Takes the next one of the queue. Of those who are there at the first call, `left` of them: who comes back meanwhile isn't among them.
    pub(super) fn take_queued(&self, left: &mut Option<usize>, term: Term) -> Option<Taken> {
        let mut state = self.lock();
        let left = left.get_or_insert(state.queue.len());
        if state.term != term || *left == 0 {
            return None;
        }
        *left -= 1;
        state.is_waiting = false;
        let key = state.queue.pop_front()?;
        let slot = state.slots.get(key)?;
        let (guest, number, is_new) = (slot.guest.take()?, slot.number, slot.awaits == Awaits::Worker);
        Some(Taken { is_new, ..state.begin(key, guest, number) })
    }

    /// Takes a connection that is to be closed if nothing has arrived on it by now, and says with what result: any that waits when draining, else
    /// one that was silent for too long as of `now`.
    pub(super) fn take_due(&self, now: u64, term: Term) -> Option<(Taken, HandlerResult)> {
        let mut state = self.lock();
        if state.term != term {
            return None;
        }
        state.is_waiting = false;
        let State { slots, timers, swept, is_draining, .. } = &mut *state;
        let (key, result) = if *is_draining {
            let key = slots.next_parked(*swept).or_else(|| slots.next_parked(0))?;
            *swept = key.index() + 1;
            (key, Ok(()))
        } else {
            let (_, key) = timers.next(slots).filter(|(at, _)| *at <= now)?;
            (key, Err(TimedOut::new(slots.get(key)?.limit).into()))
        };
        let slot = slots.get(key)?;
        let (guest, number) = (slot.guest.take()?, slot.number);
        Some((state.begin(key, guest, number), result))
    }
}

impl State {
    pub(super) fn change_seat(&mut self) {
        self.term += 1;
        self.is_busy = false;
        self.is_waiting = false;
    }

    fn begin(&mut self, key: Key, guest: Box<dyn Guest>, number: u16) -> Taken {
        self.running += 1;
        self.beat += 1;
        self.is_busy = true;
        let calls_watch = std::mem::take(&mut self.calls_watch);
        Taken { key, guest, number, is_new: false, is_doubtful: false, calls_watch }
    }
}
