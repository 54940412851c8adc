//! What the worker on a shard's seat does with the shard, and how it gets there and away.

use super::{
    guest::Guest,
    shard::{NotAdopted, Shard, State, Term, nanos},
    slots::{Key, NEVER},
};
use crate::sync::epoll_wait;
use rustix::{
    event::{Timespec, epoll},
    io::Errno,
};
use socketserver_handlers::HandlerResult;
use socketserver_net::{Deadline, TimedOut, Wire};
use std::{sync::Weak, thread, time::Duration};

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
    /// By which it is decided what shard it belongs to.
    pub(super) number: u16,
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
        if !state.is_wanted && state.slots.len() == 0 {
            state.is_manned = false;
            state.change_seat();
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
        match epoll_wait(&self.epoll, rustix::buffer::spare_capacity(events), timeout.as_ref()) {
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
        let number = slot.number;
        match slot.guest.take() {
            Some(guest) => Ok(state.begin(key, guest, number)),
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
        let slot = state.slots.get(key)?;
        let (guest, number) = (slot.guest.take()?, slot.number);
        Some(Taken { is_new: true, ..state.begin(key, guest, number) })
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
        let slot = slots.get(key)?;
        let (guest, number) = (slot.guest.take()?, slot.number);
        Some((state.begin(key, guest, number), result))
    }

    /// Lets a connection wait for its next request. If it is to be ended instead, gives it back and says with what.
    pub(super) fn put_back(
        &self,
        Taken { key, guest, is_new, .. }: Taken,
        term: Term,
    ) -> Result<(), (Box<dyn Guest>, HandlerResult)> {
        let limit = self.limit(&*guest);
        let mut state = self.lock();
        // The first request of a new one may have arrived, which the sweep finds out.
        if !is_new && (state.is_draining || guest.is_draining()) {
            return Err((guest, Ok(())));
        }
        let deadline = self.park(&mut state, key, guest, limit)?;
        state.running -= 1;
        if state.term == term {
            state.is_busy = false;
        } else if deadline < state.waits_until {
            drop(state);
            self.wake(); // whoever has the seat must wait less long
        }
        Ok(())
    }

    /// Lets a connection wait here that waited in another shard before.
    pub(super) fn adopt(
        &self,
        guest: Box<dyn Guest>,
        wire: Weak<dyn Wire>,
        number: u16,
    ) -> Result<(), NotAdopted> {
        let limit = self.limit(&*guest);
        let mut state = self.lock();
        if state.is_draining || guest.is_draining() {
            return Err(NotAdopted::Ended(guest, Ok(())));
        }
        if !state.is_manned {
            return Err(NotAdopted::Unmanned(guest, wire));
        }
        let key = state.slots.insert(guest, wire, number);
        let key = key.map_err(|guest| NotAdopted::Ended(guest, Err("too many connections".into())))?;
        let Some(guest) = state.slots.get(key).and_then(|slot| slot.guest.take()) else { return Ok(()) };
        let parked = self.park(&mut state, key, guest, limit);
        if parked.is_err() {
            state.slots.remove(key);
        }
        self.count(&state);
        let deadline = parked.map_err(|(guest, result)| NotAdopted::Ended(guest, result))?;
        if deadline < state.waits_until {
            drop(state);
            self.wake();
        }
        Ok(())
    }

    /// Until when, and for what, a connection may wait from now on.
    fn limit(&self, guest: &dyn Guest) -> Option<(u64, Deadline)> {
        guest.patience().map(|(limit, name)| (self.now().saturating_add(nanos(limit)), name))
    }

    /// Puts a connection into its place, to be taken out again by an event or at its deadline, which is given back.
    fn park(
        &self,
        state: &mut State,
        key: Key,
        guest: Box<dyn Guest>,
        limit: Option<(u64, Deadline)>,
    ) -> Result<u64, (Box<dyn Guest>, HandlerResult)> {
        let State { slots, timers, .. } = state;
        let Some(slot) = slots.get(key) else { return Err((guest, Ok(()))) };
        if let Err(error) = self.arm(slot, key) {
            return Err((guest, Err(error.into())));
        }
        slot.guest = Some(guest);
        slot.deadline = NEVER;
        let Some((deadline, name)) = limit else { return Ok(NEVER) };
        (slot.deadline, slot.limit) = (deadline, name);
        timers.schedule(slots, key);
        Ok(deadline)
    }

    /// Connections belong here from now on. True if nobody sits here: somebody must.
    pub(super) fn want(&self) -> bool {
        let mut state = self.lock();
        state.is_wanted = true;
        !std::mem::replace(&mut state.is_manned, true)
    }

    /// None belong here any more. The worker stays until there are none.
    pub(super) fn want_no_more(&self) {
        let mut state = self.lock();
        if std::mem::take(&mut state.is_wanted) {
            drop(state);
            self.wake();
        }
    }

    /// Forgets a connection that is being run, and will be ended or moved.
    pub(super) fn remove(&self, key: Key) -> Option<Weak<dyn Wire>> {
        let mut state = self.lock();
        let mut slot = state.slots.remove(key)?;
        // A registration belongs to the open file, not to the descriptor: where somebody kept a copy of that, it would
        // outlive the close and wake us for ever.
        self.disarm(&mut slot);
        state.running -= 1;
        self.count(&state);
        Some(slot.wire)
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

    fn begin(&mut self, key: Key, guest: Box<dyn Guest>, number: u16) -> Taken {
        self.running += 1;
        self.beat += 1;
        self.is_busy = true;
        Taken { key, guest, number, is_new: false, calls_watch: std::mem::take(&mut self.calls_watch) }
    }
}
