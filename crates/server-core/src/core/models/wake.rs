//! Waking: whoever waits, or is about to, hears that the server stops or is open again, whatever else wakes it meanwhile.

use super::{core, explore, join, wait_for_the_end};
use crate::{Limit, wake::Wanted};
use socketserver_sys::sync::{AtomicBool, AtomicUsize, loom::thread};
use std::sync::{Arc, atomic::Ordering::SeqCst};

#[test]
fn a_stop_is_seen_though_another_wake_up_is_taken_back_meanwhile() {
    explore(|| {
        let core = core(Limit::none());
        let _serving = core.begin_serving().unwrap().unwrap();
        let (wakes, stops) = (core.clone(), core.clone());
        let wakes = thread::spawn(move || wakes.waker.wake()); // as when it has something to hear
        let stops = thread::spawn(move || _ = stops.stop_here(None));
        wait_for_the_end(&core);
        join([wakes, stops]);
    });
}

#[test]
fn a_stop_ends_the_waits_of_all_acceptors() {
    explore(|| {
        let core = core(Limit::none());
        core.waker.wake();
        let _serving = core.begin_serving().unwrap().unwrap();
        let acceptors = [(); 2].map(|()| {
            let core = core.clone();
            thread::spawn(move || wait_for_the_end(&core))
        });
        core.stop_here(None);
        join(acceptors);
    });
}

#[test]
fn what_a_stop_leaves_behind_doesnt_end_the_next_loop_which_can_be_stopped_again() {
    explore(|| {
        let core = core(Limit::none());
        for _ in 0..2 {
            let serving = core.begin_serving().unwrap().expect("nobody has asked for an end");
            let stops = core.clone();
            let stops = thread::spawn(move || _ = stops.stop_here(None));
            wait_for_the_end(&core);
            drop(serving);
            stops.join().unwrap();
            assert!(!core.is_stopping());
        }
    });
}

#[test]
fn two_who_stop_at_once_stop_one_loop() {
    explore(|| {
        let core = core(Limit::none());
        let serving = core.begin_serving().unwrap().unwrap();
        let stops = [(); 2].map(|()| {
            let core = core.clone();
            thread::spawn(move || _ = core.stop_here(None))
        });
        wait_for_the_end(&core);
        drop(serving);
        join(stops);
        assert!(!core.is_stopping(), "there was nothing to stop for who came late");
        assert!(core.begin_serving().unwrap().is_some());
    });
}

#[test]
fn who_waits_for_an_open_server_goes_on_when_it_is() {
    explore(|| {
        let core = core(Limit::none());
        core.suspend(true);
        let acceptors = [(); 2].map(|()| {
            let core = Arc::clone(&core);
            thread::spawn(move || {
                while core.is_suspended() {
                    let wanted = Wanted { open: true, ..Wanted::default() };
                    let ready = core.wait(wanted, || true).unwrap();
                    core.note(ready);
                }
            })
        });
        core.suspend(false);
        join(acceptors);
    });
}

/// Others who are woken, and take that back, don't take back what is meant for the loop.
#[test]
fn what_the_loop_alone_is_to_do_it_hears_of() {
    explore(|| {
        let core = core(Limit::none());
        let is_there = Arc::new(AtomicBool::new(false));
        let other = {
            let core = core.clone();
            thread::spawn(move || {
                core.waker.wake();
                core.note(core.wait(Wanted::default(), || true).unwrap());
            })
        };
        let parks = {
            let (core, is_there) = (core.clone(), is_there.clone());
            thread::spawn(move || {
                is_there.store(true, SeqCst);
                core.waker.wake_loop();
            })
        };
        while !is_there.load(SeqCst) {
            let ready =
                core.wait(Wanted { is_loop: true, deaf: true, ..Wanted::default() }, || true).unwrap();
            core.note(ready);
        }
        join([other, parks]);
    });
}

/// Of those who are woken at once the first may take that back before the others look; so who takes one of several wakes the next.
#[test]
fn who_takes_one_of_several_leaves_none_behind() {
    explore(|| {
        let core = core(Limit::none());
        let kept = Arc::new(AtomicUsize::new(2));
        let acceptors = [(); 2].map(|()| {
            let (core, kept) = (core.clone(), kept.clone());
            thread::spawn(move || {
                // As an acceptor that is busy for ever with the one that it took.
                loop {
                    if kept.try_update(SeqCst, SeqCst, |it| it.checked_sub(1)).is_ok() {
                        if kept.load(SeqCst) > 0 {
                            core.waker.wake();
                        }
                        return;
                    }
                    core.note(core.wait(Wanted::default(), || true).unwrap());
                }
            })
        });
        core.waker.wake();
        join(acceptors);
        assert_eq!(kept.load(SeqCst), 0);
    });
}
