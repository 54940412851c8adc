//! Waking: whoever waits, or is about to, hears that the server stops or is open again, whatever else wakes it meanwhile.

use super::{core, explore, join, wait_for_the_end};
use crate::{Limit, wake::Wanted};
use socketserver_sys::sync::loom::thread;
use std::sync::Arc;

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
