//! Who waits for a change, and what that costs those who make it.

use super::Watchers;
use crate::scripted::goes_on;
use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

fn late() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[test]
fn a_change_that_nobody_waits_for_is_only_a_look_at_a_number() {
    let watchers = Watchers::default();
    watchers.tell();
    assert_eq!(*watchers.changes.lock(), 0);
    assert!(!watchers.wait(Instant::now(), || None, || false));
    watchers.tell();
    assert_eq!(*watchers.changes.lock(), 0, "nobody waits any more");
}

#[test]
fn it_is_looked_at_each_change_until_it_is_so() {
    let (watchers, looks, is_so) = (Watchers::default(), AtomicUsize::new(0), AtomicBool::new(false));
    let until = late();
    let look = || {
        looks.fetch_add(1, SeqCst);
        is_so.load(SeqCst)
    };
    thread::scope(|scope| {
        let wait = scope.spawn(|| watchers.wait(until, || None, look));
        while looks.load(SeqCst) == 0 {
            thread::yield_now();
        }
        assert!(goes_on(&wait));
        watchers.tell();
        while looks.load(SeqCst) == 1 && Instant::now() < until {
            thread::yield_now();
        }
        assert!(goes_on(&wait), "it isn't so");
        is_so.store(true, SeqCst);
        watchers.tell();
        assert!(wait.join().unwrap());
        assert!(looks.load(SeqCst) <= 4 && Instant::now() < until);
    });
}

#[test]
fn a_process_that_begins_anew_has_nobody_who_waits() {
    let watchers = Watchers::default();
    watchers.waiting.store(2, SeqCst); // they were threads of its parent's
    watchers.forget();
    watchers.tell();
    assert_eq!(*watchers.changes.lock(), 0);
}
