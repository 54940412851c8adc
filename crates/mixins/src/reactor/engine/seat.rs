//! What the worker on a shard's seat does with the shard, and how it gets there and away.

use super::{
    guest::Guest,
    shard::{NotAdopted, Shard, State, Term, nanos},
    slots::{Awaits, Key, NEVER},
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
        let State { slots, timers, queue, is_waiting, waits_until, .. } = &mut *state;
        if has_to_sweep {
            return Plan::Wait { timeout: Some(Timespec::default()), due: Some(self.now()) };
        }
        if !queue.is_empty() {
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
        if slot.guest.is_some() && slot.awaits != Awaits::Client {
            return Err(NotTaken::Nothing); // it has its turn without this
        }
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

    /// Takes a connection that is to be closed, and says with what result: any that waits when draining, else one that was
    /// silent for too long as of `now`.
    pub(super) fn take_due(&self, now: u64, term: Term) -> Option<(Taken, HandlerResult)> {
        let mut state = self.lock();
        if state.term != term || !state.queue.is_empty() {
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

    /// Lets a connection wait. If it is to be ended instead, gives it back and says with what.
    pub(super) fn put_back(
        &self,
        Taken { key, guest, is_new, .. }: Taken,
        awaits: Awaits,
        term: Term,
    ) -> Result<(), (Box<dyn Guest>, HandlerResult)> {
        let limit = self.limit(&*guest, awaits);
        let mut state = self.lock();
        // The first request of a new one may have arrived, which the sweep finds out.
        if state.takes_no(awaits, &*guest) && !(is_new && awaits == Awaits::Client) {
            return Err((guest, Ok(())));
        }
        let must_wake = self.rest(&mut state, key, guest, awaits, limit)?;
        state.running -= 1;
        if state.term == term {
            state.is_busy = false;
        } else if must_wake {
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
            return Err((guest, Err(error.into())));
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
    /// Whether a connection is to be ended rather than wait for this. Where all is about to be closed, nobody may be there for another turn.
    fn takes_no(&self, awaits: Awaits, guest: &dyn Guest) -> bool {
        match awaits {
            Awaits::Client => self.is_draining || guest.is_draining(),
            Awaits::Worker | Awaits::Turn => self.is_closed,
        }
    }

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
