//! When connections will have been silent for too long.

use super::slots::{Key, NEVER, Slots};
use std::{cmp::Reverse, collections::BinaryHeap};

/// One entry for each connection that has a deadline.
///
/// A request only writes a later deadline into the connection's slot; the entry stays, and when its time comes it is moved to
/// the deadline that holds by then. So a busy connection costs one move for each time limit's length, whatever the
/// number of its requests; and where all have the same limit, as they mostly do, a new entry is the latest, which a
/// heap takes in constant time.
#[derive(Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(u64, Key)>>);

impl Timers {
    /// Sees to it that there is an entry for the deadline of a connection, or an earlier one.
    pub(super) fn schedule(&mut self, slots: &mut Slots, key: Key) {
        let live = slots.len();
        if let Some(slot) = slots.get(key)
            && slot.deadline < slot.timer
        {
            slot.timer = slot.deadline;
            self.0.push(Reverse((slot.deadline, key)));
        }
        // Connections that ended leave their entries behind.
        if self.0.len() > 2 * live + 64 {
            self.0.retain(|Reverse((at, key))| slots.get(*key).is_some_and(|slot| slot.timer == *at));
        }
    }

    /// The connection that is next, and when. Moves or forgets the entries that don't hold any more.
    pub(super) fn next(&mut self, slots: &mut Slots) -> Option<(u64, Key)> {
        loop {
            let &Reverse((at, key)) = self.0.peek()?;
            match slots.get(key) {
                Some(slot) if slot.timer == at => {
                    if slot.deadline == at && slot.guest.is_some() {
                        return Some((at, key));
                    }
                    self.0.pop();
                    slot.timer = NEVER;
                    // One that is being run gets an entry when it waits again.
                    if slot.guest.is_some() && slot.deadline != NEVER {
                        slot.timer = slot.deadline;
                        self.0.push(Reverse((slot.deadline, key)));
                    }
                }
                _ => drop(self.0.pop()),
            }
        }
    }
}
