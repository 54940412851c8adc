//! Connections that are over but for what their clients still send; see [`Linger`](crate::Linger).

mod ending;
mod tail;

use crate::core::Core;
use socketserver_sys::{Child, ForkMutex};
use std::{
    cmp::Ordering,
    collections::BinaryHeap,
    mem,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::Instant,
};
use tail::End;

pub(crate) use ending::{Ending, Wish};

/// One whose types don't matter.
trait Lingers: Send {
    /// Looks, if it is time; says whether it is over.
    fn look(&mut self, now: Instant) -> Option<End>;
    fn next_look(&self) -> Instant;
    fn holds_a_place(&self) -> bool;
    /// So that others get in, if it was turned away.
    fn give_up_place(&mut self);
    fn close_in_child(&self, child: &Child);
    fn close(self: Box<Self>, end: End);
    /// Until it is over; then closes it.
    fn wait(self: Box<Self>);
}

/// Those that the loop looks after.
#[derive(Default)]
pub(crate) struct Lingering {
    /// To be read without the lock.
    length: AtomicUsize,
    room: ForkMutex<Room>,
}

#[derive(Default)]
struct Room {
    /// A loop runs that comes to look.
    is_tended: bool,
    /// Who is to be looked at first is on top.
    parked: BinaryHeap<Seat>,
    /// Of those, without a place among the connections.
    without_place: usize,
}

/// Ordered by when it is to be looked at, the soonest as the greatest.
struct Seat(Box<dyn Lingers>);

impl Ord for Seat {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.next_look().cmp(&self.0.next_look())
    }
}
impl PartialOrd for Seat {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Seat {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Seat {}

/// So many of those who were turned away stay at most: each has a descriptor that no limit counts.
const SEATS: usize = 64;

/// So many are looked at in one turn of the loop, which has clients to take in, too.
const AT_ONCE: usize = 64;

impl Lingering {
    /// Gives it back if there is nobody to look after it.
    fn park(&self, core: &Core, mut parked: Box<dyn Lingers>) -> Result<(), Box<dyn Lingers>> {
        if core.is_child() {
            return Err(parked);
        }
        let mut room = self.room.lock();
        if !room.is_tended {
            return Err(parked);
        }
        parked.give_up_place();
        if !parked.holds_a_place() {
            if room.without_place >= SEATS {
                drop(room);
                parked.close(End::CutOff);
                return Ok(());
            }
            room.without_place += 1;
        }
        let next_look = parked.next_look();
        let is_first = room.parked.peek().is_none_or(|first| next_look < first.0.next_look());
        room.parked.push(Seat(parked));
        self.length.fetch_add(1, SeqCst);
        drop(room);
        if is_first {
            core.waker.wake_loop(); // else it comes before that
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.length.load(SeqCst) == 0
    }

    /// When the loop is to look next.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        self.room.lock().parked.peek().map(|first| first.0.next_look())
    }

    /// Looks after those whose time has come.
    pub(crate) fn tend(&self) {
        if self.is_empty() {
            return;
        }
        let due = self.take_due(Instant::now()); // closing them runs hooks, so not under the lock
        let left = self.look(due);
        self.room.lock().parked.extend(left.into_iter().map(Seat));
    }

    fn take_due(&self, now: Instant) -> Vec<Box<dyn Lingers>> {
        let mut room = self.room.lock();
        let mut due = Vec::new();
        while due.len() < AT_ONCE && room.parked.peek().is_some_and(|first| first.0.next_look() <= now) {
            due.extend(room.parked.pop().map(|first| first.0));
        }
        due
    }

    /// Closes those that are over; gives the others back.
    fn look(&self, parked: Vec<Box<dyn Lingers>>) -> Vec<Box<dyn Lingers>> {
        let now = Instant::now();
        let look = |mut it: Box<dyn Lingers>| match it.look(now) {
            Some(end) => {
                self.close(it, end);
                None
            }
            None => Some(it),
        };
        parked.into_iter().filter_map(look).collect()
    }

    fn close(&self, parked: Box<dyn Lingers>, end: End) {
        self.length.fetch_sub(1, SeqCst);
        if !parked.holds_a_place() {
            self.room.lock().without_place -= 1;
        }
        parked.close(end);
    }

    /// In a forked child: their descriptors are the parent's to keep open.
    pub(crate) fn close_in_child(&self, child: &Child) {
        // Another thread of the parent may have held the lock.
        if let Some(room) = self.room.try_lock() {
            room.parked.iter().for_each(|it| it.0.close_in_child(child));
        }
    }

    /// A loop begins that will [`tend`](Self::tend) it. The end of that is the end of the returned value, which waits for those who are left.
    pub(crate) fn open<'a>(&'a self, core: &'a Core) -> Tended<'a> {
        self.room.lock().is_tended = true;
        Tended(self, core)
    }
}

pub(crate) struct Tended<'a>(&'a Lingering, &'a Core);

impl Drop for Tended<'_> {
    fn drop(&mut self) {
        let Tended(lingering, core) = self;
        let mut room = lingering.room.lock();
        room.is_tended = false;
        let mut parked: Vec<_> = mem::take(&mut room.parked).into_iter().map(|it| it.0).collect();
        drop(room);
        while let Some(next) = parked.iter().map(|it| it.next_look()).min() {
            if core.drain_until().is_some_and(|until| Instant::now() >= until) {
                return parked.into_iter().for_each(|it| lingering.close(it, End::CutOff));
            }
            thread::sleep(next.saturating_duration_since(Instant::now()));
            parked = lingering.look(parked);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
