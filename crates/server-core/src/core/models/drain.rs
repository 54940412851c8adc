//! Waiting for requests to end: nobody waits for one that has ended, and nobody comes back before.

use super::{core, explore, join, request, wait_for_the_end};
use crate::{Handle, Limit};
use socketserver_sys::sync::loom::thread;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_shutdown_returns_when_the_last_request_has_ended() {
    explore(|| {
        let core = core(Limit::none());
        let serving = core.begin_serving().unwrap().unwrap();
        let ticket = request(&core).unwrap();
        let shuts_down = Handle(Arc::clone(&core));
        let shuts_down = thread::spawn(move || {
            let report = shuts_down.shutdown(LONG);
            assert_eq!(report.forced, 0);
            assert_eq!((shuts_down.stats().active, shuts_down.0.gate.inside()), (0, 0));
            assert!(!shuts_down.is_serving());
        });
        let handler = thread::spawn(move || drop(ticket));
        wait_for_the_end(&core);
        drop(serving);
        join([shuts_down, handler]);
    });
}

#[test]
fn the_loop_leaves_when_those_have_ended_that_it_let_in() {
    explore(|| {
        let core = core(Limit::none());
        let _serving = core.begin_serving().unwrap().unwrap();
        let handlers = [(); 2].map(|()| {
            let ticket = request(&core).unwrap();
            thread::spawn(move || drop(ticket))
        });
        core.stop_here(None);
        assert!(core.wait_until_drained(Instant::now() + LONG));
        assert_eq!((core.gate.inside(), core.in_progress()), (0, 0));
        join(handlers);
    });
}

#[test]
fn who_watches_the_number_of_requests_sees_one_come() {
    explore(|| {
        let core = core(Limit::none());
        let watches = Handle(Arc::clone(&core));
        let watches = thread::spawn(move || {
            assert!(watches.wait_for_connections(|active| active == 1, LONG));
        });
        let _ticket = request(&core).unwrap();
        watches.join().unwrap();
    });
}

#[test]
fn all_who_watch_the_number_of_requests_see_the_last_one_go() {
    explore(|| {
        let core = core(Limit::none());
        let ticket = request(&core).unwrap();
        let watch = [(); 2].map(|()| {
            let watches = Handle(Arc::clone(&core));
            thread::spawn(move || {
                assert!(watches.wait_for_connections(|active| active == 0, LONG));
            })
        });
        drop(ticket);
        join(watch);
    });
}
