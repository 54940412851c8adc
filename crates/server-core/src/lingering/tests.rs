//! Which connections are looked after when they are over, and by whom.

mod endings;
mod wishes;

use super::{AT_ONCE, End, Lingering, Lingers, SEATS};
use crate::{core::Core, scripted::in_child};
use parking_lot::Mutex;
use socketserver_sys::Child;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

/// One that lingers as a test says, and tells how it was closed.
struct Guest {
    holds_a_place: bool,
    next_look: Instant,
    is_over: bool,
    ends: Ends,
    closed_in_child: Arc<AtomicI32>,
}

type Ends = Arc<Mutex<Vec<End>>>;

impl Lingers for Guest {
    fn look(&mut self, _: Instant) -> Option<End> {
        self.is_over.then_some(End::Over)
    }
    fn next_look(&self) -> Instant {
        self.next_look
    }
    fn holds_a_place(&self) -> bool {
        self.holds_a_place
    }
    fn give_up_place(&mut self) {}
    fn close_in_child(&self, _: &Child) {
        self.closed_in_child.fetch_add(1, SeqCst);
    }
    fn close(self: Box<Self>, end: End) {
        self.ends.lock().push(end);
    }
    fn wait(self: Box<Self>) {}
}

#[derive(Default)]
struct Inn {
    lingering: Lingering,
    ends: Ends,
    closed_in_child: Arc<AtomicI32>,
}

impl Inn {
    /// Whether it stays.
    fn park(&self, core: &Core, holds_a_place: bool, is_over: bool) -> bool {
        self.park_until(core, holds_a_place, is_over, Instant::now())
    }

    fn park_until(&self, core: &Core, holds_a_place: bool, is_over: bool, next_look: Instant) -> bool {
        let (ends, closed_in_child) = (self.ends.clone(), self.closed_in_child.clone());
        let guest = Guest { holds_a_place, next_look, is_over, ends, closed_in_child };
        self.lingering.park(core, Box::new(guest)).is_ok()
    }

    fn ends(&self) -> usize {
        self.ends.lock().len()
    }
}

#[test]
fn they_stay_while_a_loop_looks_after_them() {
    let (core, inn) = (Core::for_tests(), Inn::default());
    assert!(!inn.park(&core, true, true), "there is no loop");
    let tended = inn.lingering.open(&core);
    assert!(inn.park(&core, true, true));
    assert_eq!(inn.ends(), 0);
    drop(tended);
    assert_eq!(*inn.ends.lock(), [End::Over]);
    assert!(!inn.park(&core, true, true), "the loop has ended");
    core.enter_child(None);
    let _tended = inn.lingering.open(&core);
    assert!(!inn.park(&core, true, true), "a child has no loop");
}

#[test]
fn the_loop_and_only_it_is_woken_for_them_and_knows_when_to_look_next() {
    use crate::wake::Wanted;
    let (core, inn) = (Core::for_tests(), Inn::default());
    let _tended = inn.lingering.open(&core);
    assert_eq!(inn.lingering.next_look(), None);
    let before = Instant::now();
    assert!(inn.park(&core, true, true) && inn.park(&core, true, true));
    let next = inn.lingering.next_look().unwrap();
    assert!(before <= next && next <= Instant::now());
    let now = Wanted { until: Some(Instant::now()), ..Wanted::default() };
    assert!(!core.waker.wait(now).unwrap().woken, "others have nothing to do with it");
    let begun = Instant::now();
    let long = Some(begun + Duration::from_secs(3600));
    core.waker.wait(Wanted { until: long, is_loop: true, deaf: true, ..Wanted::default() }).unwrap();
    assert!(Instant::now() < begun + Duration::from_secs(3600));
}

#[test]
fn it_is_woken_only_for_those_whose_time_comes_before_all_others() {
    let (core, inn) = (Core::for_tests(), Inn::default());
    let tended = inn.lingering.open(&core);
    let now = Instant::now();
    let is_woken_for = |seconds| {
        assert!(inn.park_until(&core, true, true, now + Duration::from_secs(seconds)));
        core.waker.hold().as_ref().unwrap().own().was_rung()
    };
    assert!(is_woken_for(3600), "the first");
    assert!(!is_woken_for(3700) && !is_woken_for(3600));
    assert!(is_woken_for(3500));
    assert!(!is_woken_for(3600));
    std::mem::forget(tended); // it would wait for them
}

#[test]
fn those_are_looked_at_first_whose_time_comes_first_and_not_all_at_once() {
    let (core, inn) = (Core::for_tests(), Inn::default());
    let tended = inn.lingering.open(&core);
    let later = Instant::now() + Duration::from_secs(3600);
    assert!(inn.park_until(&core, true, true, later));
    (0..AT_ONCE + 1).for_each(|_| assert!(inn.park(&core, true, true)));
    inn.lingering.tend();
    assert_eq!(inn.ends(), AT_ONCE);
    assert!(inn.lingering.next_look().unwrap() <= Instant::now());
    inn.lingering.tend();
    assert_eq!(inn.ends(), AT_ONCE + 1);
    assert_eq!(inn.lingering.next_look(), Some(later));
    core.request_stop(Some(Instant::now()));
    drop(tended);
}

#[test]
fn a_forked_child_closes_its_copies_of_all() {
    let (core, inn) = (Core::for_tests(), Inn::default());
    let _tended = inn.lingering.open(&core);
    (0..3).for_each(|_| assert!(inn.park(&core, true, true)));
    let closed = in_child(|child| {
        inn.lingering.close_in_child(child);
        inn.closed_in_child.load(SeqCst)
    });
    assert_eq!(closed, Some(3));
    assert_eq!(inn.closed_in_child.load(SeqCst), 0, "the parent's stay open");
}

#[test]
fn a_look_closes_those_that_are_over_and_leaves_the_others() {
    let (core, inn) = (Core::for_tests(), Inn::default());
    let tended = inn.lingering.open(&core);
    assert!([false, true, false, true].iter().all(|is_over| inn.park(&core, true, *is_over)));
    inn.lingering.tend();
    assert_eq!(*inn.ends.lock(), [End::Over; 2]);
    assert!(inn.lingering.next_look().is_some(), "two are left");
    inn.lingering.tend();
    assert_eq!(inn.ends(), 2);
    std::mem::forget(tended);
}

#[test]
fn when_the_last_has_gone_there_is_nothing_to_look_for() {
    let (core, inn) = (Core::for_tests(), Inn::default());
    let _tended = inn.lingering.open(&core);
    assert!(inn.park(&core, true, true));
    inn.lingering.tend();
    assert_eq!(inn.lingering.next_look(), None);
    assert!(inn.lingering.is_empty());
}

/// A loop asks before every request; and mostly nobody lingers.
#[test]
fn where_nobody_lingers_no_lock_is_needed_to_see_that() {
    let inn = Inn::default();
    let _locked = inn.lingering.room.lock();
    inn.lingering.tend();
    assert_eq!(inn.lingering.next_look(), None);
}

#[test]
fn of_those_who_were_turned_away_so_many_stay_and_no_more() {
    let (core, inn) = (Core::for_tests(), Inn::default());
    let tended = inn.lingering.open(&core);
    assert!(inn.park(&core, false, true));
    inn.lingering.tend();
    assert_eq!(inn.ends.lock().split_off(0), [End::Over], "its seat is free again");
    for _ in 0..SEATS + 5 {
        assert!(inn.park(&core, true, false));
    }
    assert_eq!(inn.ends(), 0, "those that the limit counts have no need of seats");
    for _ in 0..SEATS {
        assert!(inn.park(&core, false, false));
    }
    assert_eq!(inn.ends(), 0);
    assert!(inn.park(&core, false, false));
    assert_eq!(*inn.ends.lock(), [End::CutOff], "no seat was left");
    assert!(inn.park(&core, true, false));
    assert_eq!(inn.ends(), 1);
    std::mem::forget(tended);
}

#[test]
fn at_the_end_of_the_loop_they_have_until_the_deadline_of_the_stop() {
    let (core, inn) = (Core::for_tests(), Inn::default());
    let tended = inn.lingering.open(&core);
    assert!(inn.park(&core, true, false));
    core.request_stop(Some(Instant::now()));
    drop(tended);
    assert_eq!(*inn.ends.lock(), [End::CutOff]);

    let (core, inn) = (Core::for_tests(), Inn::default());
    let tended = inn.lingering.open(&core);
    assert!(inn.park(&core, true, true));
    core.request_stop(Some(Instant::now() + Duration::from_secs(30)));
    drop(tended);
    assert_eq!(*inn.ends.lock(), [End::Over]);
}
