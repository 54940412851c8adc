//! What a process shares with the children that it forks, one for each request: what they are told, and what they tell.

use crate::{Outcome, Refusal, outcome::DEADLINES};
use socketserver_net::Shown;
use socketserver_sys::{ForkMutex, SharedPart, SharedWords};
use std::{
    fmt, io,
    process::id,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// So many children have a seat at once. Others are served all the same, but nothing is known of them before they end. Memory is
/// only taken by those that there are.
const SEATS: usize = 16_384;

/// The server drains.
const DRAINING: usize = 0;
const MAX_HANDSHAKES: usize = 1;
/// No permit from this number on has ever been given.
const PERMITS_USED: usize = 2;
/// Permits for handshakes: the id of the process that has it, or zero.
const PERMITS: usize = 3;
const FIRST_SEAT: usize = PERMITS + SEATS;

/// Of each seat, behind what is [`Shown`] of its connection:
const OUTCOME: usize = Shown::WORDS;
const CUT_OFF: usize = Shown::WORDS + 1;
const SEAT: usize = Shown::WORDS + 2;

pub(crate) struct Nursery {
    words: Arc<SharedWords>,
    /// The process that forks.
    parent: u32,
    free: ForkMutex<Free>,
}

/// Seats that are free: those that have been given back, and all from the first on that was never taken.
#[derive(Debug, Default)]
struct Free {
    returned: Vec<usize>,
    fresh: usize,
}

impl Nursery {
    pub(crate) fn new(is_draining: bool, max_handshakes: u64) -> io::Result<Self> {
        let words = Arc::new(SharedWords::new(FIRST_SEAT + SEATS * SEAT)?);
        let this = Nursery { words, parent: id(), free: ForkMutex::default() };
        this.set_draining(is_draining);
        this.set_max_handshakes(max_handshakes);
        Ok(this)
    }

    pub(crate) fn set_draining(&self, is_draining: bool) {
        self.words[DRAINING].store(is_draining.into(), SeqCst);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.words[DRAINING].load(SeqCst) != 0
    }

    pub(crate) fn set_max_handshakes(&self, max: u64) {
        self.words[MAX_HANDSHAKES].store(max, SeqCst);
    }

    /// For a child that is about to be forked; `None` if all are taken.
    pub(crate) fn seat(self: &Arc<Self>) -> Option<Seat> {
        let mut free = self.free.lock();
        let number = free.returned.pop().or_else(|| {
            let fresh = (free.fresh < SEATS).then_some(free.fresh);
            free.fresh += usize::from(fresh.is_some());
            fresh
        })?;
        drop(free);
        let first = FIRST_SEAT + number * SEAT;
        let words = SharedPart::new(&self.words, first..first + SEAT);
        words.iter().for_each(|word| word.store(0, SeqCst));
        Some(Seat { nursery: self.clone(), number, shown: Shown::new(words.clone()), words })
    }

    /// Counts one more handshake, in this process, if there may be one more among all.
    pub(crate) fn begin_handshake(&self) -> bool {
        let max = usize::try_from(self.words[MAX_HANDSHAKES].load(SeqCst)).unwrap_or(usize::MAX).min(SEATS);
        // After the limit was lowered, some are held that are no more to be had. They only become fewer.
        let above = self.permits().get(max..).unwrap_or_default();
        let above = above.iter().filter(|it| it.load(SeqCst) != 0).count();
        let to_be_had = self.words[PERMITS..PERMITS + max.saturating_sub(above)].iter().enumerate();
        let mut free = to_be_had.filter(|(_, it)| it.load(SeqCst) == 0);
        let is_taken = free.any(|(number, permit)| {
            // First, so that it is found if this process is killed right after.
            self.words[PERMITS_USED].fetch_max(number as u64 + 1, SeqCst);
            permit.compare_exchange(0, id().into(), SeqCst, SeqCst).is_ok()
        });
        is_taken || max == SEATS // there is no such limit
    }

    /// One of those that the process has begun is over, be it because the process is.
    pub(crate) fn end_handshake(&self, pid: u32) -> bool {
        let is_of = |permit: &AtomicU64| permit.compare_exchange(pid.into(), 0, SeqCst, SeqCst).is_ok();
        self.permits().iter().any(is_of)
    }

    /// Those that have ever been given.
    fn permits(&self) -> &[AtomicU64] {
        let used = self.words[PERMITS_USED].load(SeqCst) as usize;
        &self.words[PERMITS..PERMITS + used.min(SEATS)]
    }
}

impl fmt::Debug for Nursery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nursery").field("free", &self.free).finish_non_exhaustive()
    }
}

/// What one child tells. Its parent gives the seat to another when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    nursery: Arc<Nursery>,
    number: usize,
    words: SharedPart,
    /// Of its connection, or datagram.
    pub(crate) shown: Shown,
}

impl Seat {
    /// In the child: its request ended so.
    pub(crate) fn set_outcome(&self, outcome: Outcome) {
        self.words[OUTCOME].store(to_number(outcome), SeqCst);
    }

    /// How the request ended, as far as the child has come to say it.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        from_number(self.words[OUTCOME].load(SeqCst))
    }

    /// In the child: its client was cut off.
    pub(crate) fn set_cut_off(&self) {
        self.words[CUT_OFF].store(1, SeqCst);
    }

    pub(crate) fn was_cut_off(&self) -> bool {
        self.words[CUT_OFF].load(SeqCst) != 0
    }

    /// The child has ended: handshakes that it took to its grave are over.
    pub(crate) fn end_handshakes(&self, pid: i32) {
        if let Ok(pid) = u32::try_from(pid) {
            while self.nursery.end_handshake(pid) {}
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if id() == self.nursery.parent {
            self.nursery.free.lock().returned.push(self.number);
        } // else it is a child's copy
    }
}

const TIMED_OUT: u64 = 16;
const REFUSED: u64 = 32;

/// Zero for what isn't to be told by a number.
fn to_number(outcome: Outcome) -> u64 {
    let place = |place: Option<usize>, first: u64| place.map_or(0, |place| first + place as u64);
    match outcome {
        Outcome::Completed => 1,
        Outcome::Failed => 2,
        Outcome::Panicked => 3,
        Outcome::Disconnected => 4,
        Outcome::Dropped => 5,
        Outcome::TimedOut(deadline) => place(DEADLINES.iter().position(|it| *it == deadline), TIMED_OUT),
        Outcome::Refused(reason) => place(Refusal::ALL.iter().position(|it| *it == reason), REFUSED),
        Outcome::InChild(_) => 0,
    }
}

fn from_number(number: u64) -> Option<Outcome> {
    Some(match number {
        1 => Outcome::Completed,
        2 => Outcome::Failed,
        3 => Outcome::Panicked,
        4 => Outcome::Disconnected,
        5 => Outcome::Dropped,
        REFUSED.. => Outcome::Refused(*Refusal::ALL.get((number - REFUSED) as usize)?),
        TIMED_OUT.. => Outcome::TimedOut(*DEADLINES.get((number - TIMED_OUT) as usize)?),
        _ => return None,
    })
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn nursery(max_handshakes: u64) -> Arc<Nursery> {
        Arc::new(Nursery::new(false, max_handshakes).unwrap())
    }

    #[test]
    fn every_outcome_is_told_as_it_was() {
        let seat = nursery(0).seat().unwrap();
        assert_eq!(seat.outcome(), None, "it hasn't ended");
        for outcome in Outcome::all() {
            seat.set_outcome(outcome);
            assert_eq!(seat.outcome(), Some(outcome));
        }
        seat.set_outcome(Outcome::InChild(None));
        assert_eq!(seat.outcome(), None, "that is what a parent says");
    }

    #[test]
    fn a_seat_that_is_given_back_is_given_again_and_clean() {
        let nursery = nursery(0);
        let (first, second) = (nursery.seat().unwrap(), nursery.seat().unwrap());
        assert_ne!(first.number, second.number);
        let number = second.number;
        second.set_outcome(Outcome::Failed);
        second.set_cut_off();
        second.shown.set_traffic(socketserver_net::Traffic { bytes_in: 1, bytes_out: 2 });
        assert!(!first.was_cut_off() && first.outcome().is_none(), "they don't overlap");
        drop(second);
        let again = nursery.seat().unwrap();
        assert_eq!(again.number, number);
        assert!(!again.was_cut_off() && again.outcome().is_none());
        assert_eq!(again.shown.traffic(), Default::default());
    }

    #[test]
    fn more_children_than_seats_do_without() {
        let nursery = nursery(0);
        let mut taken: Vec<_> = (0..SEATS).map(|_| nursery.seat().unwrap()).collect();
        assert!(nursery.seat().is_none());
        let last = taken.pop().unwrap();
        last.set_outcome(Outcome::Completed);
        drop(last);
        assert!(nursery.seat().is_some_and(|it| it.outcome().is_none()));
    }

    #[test]
    fn no_more_handshakes_than_may_be() {
        let nursery = nursery(2);
        assert!(nursery.begin_handshake() && nursery.begin_handshake());
        assert!(!nursery.begin_handshake());
        assert!(nursery.end_handshake(id()));
        assert!(nursery.begin_handshake() && !nursery.begin_handshake());
        nursery.set_max_handshakes(0);
        assert!(nursery.end_handshake(id()) && nursery.end_handshake(id()));
        assert!(!nursery.end_handshake(id()), "that were all");
        assert!(!nursery.begin_handshake());
    }

    #[test]
    fn who_is_in_a_handshake_when_the_limit_changes_counts() {
        let nursery = nursery(4);
        assert!((0..4).all(|_| nursery.begin_handshake()));
        nursery.set_max_handshakes(2);
        for _ in 0..3 {
            assert!(!nursery.begin_handshake());
            assert!(nursery.end_handshake(id()));
        }
        assert!(nursery.begin_handshake(), "of four one is left, of two that may be");
        assert!(!nursery.begin_handshake());
        nursery.set_max_handshakes(u64::MAX);
        assert!((0..100).all(|_| nursery.begin_handshake()), "there is no limit");
        nursery.words[PERMITS..PERMITS + SEATS].iter().for_each(|it| it.store(4711, SeqCst));
        nursery.words[PERMITS_USED].store(SEATS as u64, SeqCst);
        assert!(nursery.begin_handshake(), "nor one of the memory's");
    }

    #[test]
    fn what_a_process_took_to_its_grave_is_given_back() {
        let nursery = nursery(2);
        let seat = nursery.seat().unwrap();
        nursery.words[PERMITS].store(4711, SeqCst);
        nursery.words[PERMITS_USED].store(1, SeqCst);
        assert!(nursery.begin_handshake() && !nursery.begin_handshake());
        seat.end_handshakes(4711);
        assert!(nursery.begin_handshake() && !nursery.begin_handshake());
    }
}
