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

#[cfg(test)]
mod tests {
    use super::{super::guest::Guest, super::guest::Step, *};
    use socketserver_handlers::{Buffers, HandlerResult};
    use socketserver_net::{Deadline, Socket};
    use std::{io, sync::Weak, time::Duration};

    struct Nobody;
    impl Guest for Nobody {
        fn start(&mut self, _: &mut Buffers) -> Step {
            Step::Park
        }
        fn advance(&mut self, _: &mut Buffers) -> Step {
            Step::Park
        }
        fn patience(&self) -> Option<(Duration, Deadline)> {
            None
        }
        fn has_arrived(&self) -> bool {
            false
        }
        fn is_draining(&self) -> bool {
            false
        }
        fn end(self: Box<Self>, _: HandlerResult, _: &mut Buffers) {}
        fn refuse(self: Box<Self>, _: io::Error) {}
    }

    #[derive(Default)]
    struct Shard(Slots, Timers);
    impl Shard {
        fn admit(&mut self) -> Key {
            self.0.insert(Box::new(Nobody), Weak::<Socket>::new(), 0).ok().unwrap()
        }
        fn set(&mut self, key: Key, deadline: u64) {
            self.0.get(key).unwrap().deadline = deadline;
            self.1.schedule(&mut self.0, key);
        }
        fn next(&mut self) -> Option<(u64, Key)> {
            self.1.next(&mut self.0)
        }
    }

    #[test]
    fn the_next_deadline_is_that_which_was_set_last() {
        let mut shard = Shard::default();
        let [a, b, c] = [(); 3].map(|()| shard.admit());
        assert_eq!(shard.next(), None);
        shard.set(a, 10);
        shard.set(b, 20);
        shard.set(c, 30);
        assert_eq!(shard.next(), Some((10, a)));
        shard.set(a, 40); // later
        shard.set(c, 15); // earlier
        assert_eq!(shard.next(), Some((15, c)));
        shard.0.get(c).unwrap().deadline = NEVER;
        assert_eq!(shard.next(), Some((20, b)));
        shard.0.remove(b);
        assert_eq!(shard.next(), Some((40, a)));
        shard.set(c, 35);
        assert_eq!(shard.next(), Some((35, c)));
    }

    #[test]
    fn one_that_is_being_run_has_no_deadline_until_it_waits_again() {
        let mut shard = Shard::default();
        let key = shard.admit();
        shard.set(key, 10);
        let guest = shard.0.get(key).unwrap().guest.take();
        assert_eq!(shard.next(), None);
        shard.0.get(key).unwrap().guest = guest;
        shard.set(key, 20);
        assert_eq!(shard.next(), Some((20, key)));
    }

    #[test]
    fn connections_that_ended_leave_no_entries_behind() {
        let mut shard = Shard::default();
        let stays = shard.admit();
        shard.set(stays, 5);
        for deadline in 10..10_000 {
            let key = shard.admit();
            shard.set(key, deadline);
            shard.0.remove(key);
        }
        assert!(shard.1.0.len() < 100, "{}", shard.1.0.len());
        // A busy one has a single entry, whatever the number of its requests.
        (10_000..20_000).for_each(|deadline| shard.set(stays, deadline));
        assert!(shard.1.0.len() < 100);
        assert_eq!(shard.next(), Some((19_999, stays)));
        assert_eq!(shard.0.len(), 1);
    }

    #[test]
    fn a_late_event_isnt_taken_for_one_of_a_later_connection() {
        let mut shard = Shard::default();
        let gone = shard.admit();
        shard.0.remove(gone);
        let here = shard.admit();
        assert_eq!(here.index(), gone.index(), "the same place");
        assert!(shard.0.get(gone).is_none() && shard.0.remove(gone).is_none());
        assert!(shard.0.get(here).is_some() && shard.0.get(Key::WAKE).is_none());
    }
}
