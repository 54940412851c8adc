//! How a connection comes to wait: for its client, here or in another shard, or for its turn; and how it leaves for good.

use super::{
    guest::Guest,
    seat::Taken,
    shard::{NotAdopted, Shard, State, Term, nanos},
    slots::{Awaits, Key, NEVER},
};
use socketserver_handlers::HandlerResult;
use socketserver_net::{Deadline, Wire};
use std::sync::Weak;

impl Shard {
    /// Lets a connection wait. If it is to be ended instead, gives it back and says with what.
    pub(super) fn put_back(
        &self,
        Taken { key, guest, is_new, .. }: Taken,
        awaits: Awaits,
        term: Term,
    ) -> Result<(), (Box<dyn Guest>, HandlerResult)> {
        let limit = self.limit(&*guest, awaits);
        let mut state = self.lock();
        let is_seated = state.term == term;
        // The first request of a new one may have arrived, which the sweep finds out: ours, or that of who has the seat, who stays until all is closed.
        let will_be_swept = is_new && awaits == Awaits::Client && (is_seated || !state.is_closed);
        if state.takes_no(awaits, &*guest) && !will_be_swept {
            return Err((guest, Ok(())));
        }
        let must_wake = self.rest(&mut state, key, guest, awaits, limit)?;
        if !is_seated && let Some(slot) = state.slots.get(key) {
            slot.is_late = true;
        }
        state.running -= 1;
        if is_seated {
            state.is_busy = false;
        } else if must_wake || state.is_draining {
            drop(state);
            self.wake(); // whoever has the seat must wait less long, or sweep
        }
        Ok(())
    }

    /// Lets a connection wait here that waited in another shard before.
    pub(super) fn adopt(
        &self,
        guest: Box<dyn Guest>,
        wire: Weak<dyn Wire>,
        number: u16,
        awaits: Awaits,
    ) -> Result<(), NotAdopted> {
        let limit = self.limit(&*guest, awaits);
        let mut state = self.lock();
        if state.takes_no(awaits, &*guest) {
            return Err(NotAdopted::Ended(guest, Ok(())));
        }
        if !state.is_manned {
            return Err(NotAdopted::Unmanned(guest, wire));
        }
        let key = state.slots.insert(guest, wire, number);
        let key = key.map_err(|guest| NotAdopted::Ended(guest, Err("too many connections".into())))?;
        let Some(guest) = state.slots.get(key).and_then(|slot| slot.guest.take()) else { return Ok(()) };
        let rests = self.rest(&mut state, key, guest, awaits, limit);
        if rests.is_err() {
            state.slots.remove(key);
        }
        self.count(&state);
        if rests.map_err(|(guest, result)| NotAdopted::Ended(guest, result))? {
            drop(state);
            self.wake();
        }
        Ok(())
    }

    /// Until when, and for what, a connection may wait from now on.
    fn limit(&self, guest: &dyn Guest, awaits: Awaits) -> Option<(u64, Deadline)> {
        let patience = if awaits == Awaits::Client { guest.patience() } else { None };
        patience.map(|(limit, name)| (self.now().saturating_add(nanos(limit)), name))
    }

    /// Puts a connection into its place, to be taken out again by an event or at its deadline; or when its turn comes. Says whether a worker that waits
    /// is to be woken for it.
    fn rest(
        &self,
        state: &mut State,
        key: Key,
        guest: Box<dyn Guest>,
        awaits: Awaits,
        limit: Option<(u64, Deadline)>,
    ) -> Result<bool, (Box<dyn Guest>, HandlerResult)> {
        let State { slots, timers, queue, .. } = state;
        let Some(slot) = slots.get(key) else { return Err((guest, Ok(()))) };
        if awaits == Awaits::Client
            && let Err(error) = self.arm(slot, key)
        {
            return Err((guest, Err(error)));
        }
        slot.guest = Some(guest);
        slot.awaits = awaits;
        slot.deadline = NEVER;
        if awaits != Awaits::Client {
            queue.push_back(key);
            return Ok(std::mem::take(&mut state.is_waiting));
        }
        let Some((deadline, name)) = limit else { return Ok(false) };
        (slot.deadline, slot.limit) = (deadline, name);
        timers.schedule(slots, key);
        Ok(deadline < state.waits_until)
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
        state.running -= 1;
        self.count(&state);
        // A registration belongs to the open file, not to the descriptor: where somebody kept a copy of that, it would
        // outlive the close and wake us for ever.
        self.disarm(&mut slot);
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
    /// Whether a connection is to be ended rather than wait for this. Where all is about to be closed, nobody may be there for another turn.
    fn takes_no(&self, awaits: Awaits, guest: &dyn Guest) -> bool {
        match awaits {
            Awaits::Client => self.is_draining || guest.is_draining(),
            Awaits::Worker | Awaits::Turn => self.is_closed,
        }
    }
}
