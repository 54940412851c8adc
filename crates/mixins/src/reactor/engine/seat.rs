//! What the worker on a shard's seat does with the shard, and how it gets there and away.

use super::{
    guest::Guest,
    shard::{Shard, State, Term, nanos},
    slots::{Key, NEVER},
};
use rustix::{
    event::{Timespec, epoll},
    io::Errno,
};
use socketserver_handlers::HandlerResult;
use socketserver_net::TimedOut;
use std::{thread, time::Duration};

/// What the worker does next.
pub(super) enum Plan {
    /// It waits. If then there is less to do than it could take at once, connections may be `due` to be closed, as of this time.
    Wait { timeout: Option<Timespec>, due: Option<u64> },
    /// It gets up: the seat is another's, or the shard is closed.
    Leave,
}

/// A connection that a worker runs.
pub(super) struct Taken {
    pub(super) key: Key,
    pub(super) guest: Box<dyn Guest>,
    /// No worker has looked at it before.
    pub(super) is_new: bool,
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
        let State { slots, timers, fresh, is_waiting, waits_until, .. } = &mut *state;
        if has_to_sweep {
            return Plan::Wait { timeout: Some(Timespec::default()), due: Some(self.now()) };
        }
        if !fresh.is_empty() {
            return Plan::Wait { timeout: Some(Timespec::default()), due: None };
        }
        *is_waiting = true;
        *waits_until = NEVER;
        let Some((at, _)) = timers.next(slots) else { return Plan::Wait { timeout: None, due: None } };
        *waits_until = at;
        let now = self.now();
        let left = Duration::from_nanos(at.saturating_sub(now)).min(Duration::from_secs(86_400));
        Plan::Wait { timeout: left.try_into().ok(), due: (at <= now).then_some(now) }
    }

    /// Waits for events, as many as there is room for. False if it ended for another reason than events or the time.
    pub(super) fn wait(&self, events: &mut Vec<epoll::Event>, timeout: Option<Timespec>) -> bool {
        events.clear();
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(events), timeout.as_ref()) {
            Ok(_) => true,
            Err(Errno::INTR) => false,
            // With an epoll of our own and a valid buffer, nothing but a lack of memory is left: a worker outlives that.
            Err(_) => {
                thread::sleep(Duration::from_millis(5));
                false
            }
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
        match slot.guest.take() {
            Some(guest) => Ok(state.begin(key, guest)),
            None => {
                // It would be reported again and again; who runs it will have it watched again.
                self.disarm(slot);
                Err(NotTaken::Nothing)
            }
        }
    }

    /// Takes a connection that no worker has looked at yet.
    pub(super) fn take_fresh(&self, term: Term) -> Option<Taken> {
        let mut state = self.lock();
        if state.term != term {
            return None;
        }
        state.is_waiting = false;
        let key = state.fresh.pop_front()?;
        let guest = state.slots.get(key)?.guest.take()?;
        Some(Taken { is_new: true, ..state.begin(key, guest) })
    }

    /// Takes a connection that is to be closed, and says with what result: any that waits when draining, else one that was
    /// silent for too long as of `now`.
    pub(super) fn take_due(&self, now: u64, term: Term) -> Option<(Taken, HandlerResult)> {
        let mut state = self.lock();
        if state.term != term || !state.fresh.is_empty() {
            return None; // who has come first is looked at first
        }
        let State { slots, timers, swept, is_draining, .. } = &mut *state;
        let (key, result) = if *is_draining {
            let key = slots.next_parked(*swept).or_else(|| slots.next_parked(0))?;
            *swept = key.index() + 1;
            (key, Ok(()))
        } else {
            let (_, key) = timers.next(slots).filter(|(at, _)| *at <= now)?;
            (key, Err(TimedOut::new(slots.get(key)?.limit).into()))
        };
        let guest = slots.get(key)?.guest.take()?;
        Some((state.begin(key, guest), result))
    }

    /// Lets a connection wait for its next request. If it is to be ended instead, gives it back and says with what.
    pub(super) fn put_back(
        &self,
        Taken { key, guest, is_new, .. }: Taken,
        term: Term,
    ) -> Result<(), (Box<dyn Guest>, HandlerResult)> {
        let limit = guest.patience().map(|(limit, name)| (self.now().saturating_add(nanos(limit)), name));
        let mut state = self.lock();
        // The first request of a new one may have arrived, which the sweep finds out.
        if !is_new && (state.is_draining || guest.is_draining()) {
            return Err((guest, Ok(())));
        }
        let State { slots, timers, .. } = &mut *state;
        let Some(slot) = slots.get(key) else { return Err((guest, Ok(()))) };
        if let Err(error) = self.arm(slot, key) {
            return Err((guest, Err(error.into())));
        }
        slot.guest = Some(guest);
        slot.deadline = NEVER;
        if let Some((deadline, name)) = limit {
            (slot.deadline, slot.limit) = (deadline, name);
            timers.schedule(slots, key);
        }
        let deadline = slots.get(key).map_or(NEVER, |slot| slot.deadline);
        state.running -= 1;
        if state.term == term {
            state.is_busy = false;
        } else if deadline < state.waits_until {
            drop(state);
            self.wake(); // whoever has the seat must wait less long
        }
        Ok(())
    }

    /// Forgets a connection that is being run and will be ended.
    pub(super) fn remove(&self, key: Key) {
        let mut state = self.lock();
        if let Some(mut slot) = state.slots.remove(key) {
            // A registration belongs to the open file, not to the descriptor: where somebody kept a copy of that, it would
            // outlive the close and wake us for ever.
            self.disarm(&mut slot);
            state.running -= 1;
        }
        self.count(&state);
    }

    /// The connection that was removed has been ended.
    pub(super) fn ended(&self, term: Term) {
        let mut state = self.lock();
        if state.term == term {
            state.is_busy = false;
        }
    }
}

impl State {
    pub(super) fn change_seat(&mut self) {
        self.term += 1;
        self.is_busy = false;
        self.is_waiting = false;
    }

    fn begin(&mut self, key: Key, guest: Box<dyn Guest>) -> Taken {
        self.running += 1;
        self.beat += 1;
        self.is_busy = true;
        Taken { key, guest, is_new: false, calls_watch: std::mem::take(&mut self.calls_watch) }
    }
}
