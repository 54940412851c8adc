//! The places of a shard's connections, found by a number that an epoll event carries.

use super::guest::Guest;
use rustix::event::epoll::{Event, EventData};
use socketserver_net::{Deadline, Wire};
use std::sync::Weak;

/// Names a connection: its place, and how often the place has been given away before, so that a late event can't be taken for
/// one of a later connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64);

impl Key {
    /// Of no connection: the shard's own wake-up.
    pub(super) const WAKE: Key = Key(u64::MAX);

    fn new(index: u32, generation: u32) -> Self {
        Key(u64::from(generation) << 32 | u64::from(index))
    }
    /// What an event is about.
    pub(super) fn of(event: &Event) -> Self {
        Key({ event.data }.u64())
    }
    /// To be told by events.
    pub(super) fn event(self) -> EventData {
        EventData::new_u64(self.0)
    }
    pub(super) fn index(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }
    fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// "Never", among nanoseconds.
pub(super) const NEVER: u64 = u64::MAX;

/// What a connection waits for, unless a worker runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaits {
    /// In the queue: for the first look at it.
    Worker,
    /// In the queue: for its turn, since it has read more than it has served. What arrives meanwhile changes nothing.
    Turn,
    /// In the epoll.
    Client,
}

/// A connection's place. There is one for each connection that waits, so it is kept small.
pub(super) struct Slot {
    /// Not there while a worker runs it.
    pub(super) guest: Option<Box<dyn Guest>>,
    /// By which the connection is taken off the epoll. Weak, so that it doesn't count as a view that somebody kept.
    pub(super) wire: Weak<dyn Wire>,
    /// When it will have been silent for too long.
    pub(super) deadline: u64,
    /// For when there is an entry in the list of timers.
    pub(super) timer: u64,
    generation: u32,
    /// By which it is decided what shard it belongs to.
    pub(super) number: u16,
    pub(super) awaits: Awaits,
    /// Whether the epoll watches it.
    pub(super) is_armed: bool,
    /// Who put it back had lost the seat meanwhile, so an event that the next worker holds may be about what has been served.
    pub(super) is_late: bool,
    /// What the deadline is called.
    pub(super) limit: Deadline,
}

#[derive(Default)]
pub(super) struct Slots {
    slots: Vec<Result<Slot, Vacant>>,
    free: Vec<u32>,
}

/// A place that is free, and how often it has been given away.
struct Vacant(u32);

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// `None` if there are as many as can be numbered.
    pub(super) fn insert(
        &mut self,
        guest: Box<dyn Guest>,
        wire: Weak<dyn Wire>,
        number: u16,
    ) -> Result<Key, Box<dyn Guest>> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let Some(index) = u32::try_from(self.slots.len()).ok().filter(|it| *it != u32::MAX) else {
                    return Err(guest);
                };
                self.slots.push(Err(Vacant(0)));
                index
            }
        };
        let place = &mut self.slots[index as usize];
        let Err(Vacant(generation)) = *place else { unreachable!("it was on the list of free ones") };
        *place = Ok(Slot {
            guest: Some(guest),
            wire,
            deadline: NEVER,
            timer: NEVER,
            generation,
            number,
            awaits: Awaits::Worker,
            is_armed: false,
            is_late: false,
            limit: Deadline::Idle,
        });
        Ok(Key::new(index, generation))
    }

    pub(super) fn get(&mut self, key: Key) -> Option<&mut Slot> {
        match self.slots.get_mut(key.index()) {
            Some(Ok(slot)) if slot.generation == key.generation() => Some(slot),
            _ => None,
        }
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Slot> {
        self.get(key)?;
        let vacant = Vacant(key.generation().wrapping_add(1));
        let slot = std::mem::replace(&mut self.slots[key.index()], Err(vacant)).ok()?;
        self.free.push(key.index() as u32);
        Some(slot)
    }

    /// The next one at or after place `from` that waits for its client.
    pub(super) fn next_parked(&self, from: usize) -> Option<Key> {
        let occupied = self.slots.iter().enumerate().skip(from);
        occupied
            .filter_map(|(index, place)| Some((index, place.as_ref().ok()?)))
            .find(|(_, slot)| slot.guest.is_some() && slot.awaits == Awaits::Client)
            .map(|(index, slot)| Key::new(index as u32, slot.generation))
    }
}
