//! Beginning, stopping and closing at the same time.

use super::{core, explore, join, wait_for_the_end};
use crate::{Handle, Limit, core::Core};
use socketserver_sys::sync::loom::thread;
use std::{sync::Arc, time::Duration};

fn serve(core: &Core) {
    if let Ok(Some(_serving)) = core.begin_serving() {
        wait_for_the_end(core);
    }
}

#[test]
fn a_shutdown_is_not_lost_on_a_server_that_is_about_to_serve() {
    explore(|| {
        let core = core(Limit::none());
        let loops = Arc::clone(&core);
        let loops = thread::spawn(move || serve(&loops));
        let report = Handle(core.clone()).shutdown(Duration::from_secs(60));
        assert_eq!((report.drained, report.forced), (0, 0));
        loops.join().unwrap();
        assert!(!core.is_stopping() && !core.is_serving());
    });
}

#[test]
fn who_waits_for_one_loop_to_end_isnt_held_up_by_the_next() {
    explore(|| {
        let core = core(Limit::none());
        let serving = core.begin_serving().unwrap().unwrap();
        let stops = Arc::clone(&core);
        let stops = thread::spawn(move || {
            let run = stops.stop_here(None);
            stops.wait_until_stopped(run);
        });
        wait_for_the_end(&core);
        drop(serving);
        let _next = core.begin_serving().unwrap().expect("the end was the one before");
        stops.join().unwrap();
    });
}

#[test]
fn a_close_waits_for_the_loop_and_for_single_requests() {
    explore(|| {
        let core = core(Limit::none());
        let loops = Arc::clone(&core);
        let loops = thread::spawn(move || serve(&loops));
        let handles = Arc::clone(&core);
        let handles = thread::spawn(move || {
            if let Ok(_handling) = handles.begin_handling() {
                wait_for_the_end(&handles);
            }
        });
        core.close();
        core.wait_until_closed();
        assert!(!core.is_serving() && core.begin_serving().is_err() && core.begin_handling().is_err());
        join([loops, handles]);
    });
}
