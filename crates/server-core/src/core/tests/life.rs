//! When a server is told to stop, by whom, and what each run begins with.

use super::{core, late, options, peer};
use crate::{Event, Limit, Observer, ServerError, core::Core};
use parking_lot::Mutex;
use socketserver_handlers::ServerControl;
use std::{io, sync::Arc, thread, time::Duration};

/// What was told of the server itself: that it serves, that it has stopped, and why.
#[derive(Default, Clone)]
struct Story(Arc<Mutex<Vec<String>>>);

impl Observer for Story {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Serving { .. } => self.0.lock().push("serving".into()),
            Event::Stopped { error, .. } => self.0.lock().push(format!("stopped, {}", error.is_some())),
            _ => {}
        }
    }
}

#[test]
fn the_beginning_and_the_end_are_told_once_and_the_error() {
    let story = Story::default();
    let core = Core::new(peer(), options(Limit::none(), story.clone())).unwrap();
    core.begin_serving().unwrap().unwrap().end(&Ok(()));
    let unusable = ServerError::Accept { address: String::new(), source: io::ErrorKind::NotConnected.into() };
    core.begin_serving().unwrap().unwrap().end(&Err(unusable));
    drop(core.begin_serving().unwrap()); // as by a panic
    let expected = ["serving", "stopped, false", "serving", "stopped, true", "serving", "stopped, false"];
    assert_eq!(*story.0.lock(), expected);
}

#[test]
fn a_stop_stays_until_the_loop_and_all_single_requests_have_ended() {
    let core = core();
    let (serving, handling) = (core.begin_serving().unwrap(), core.begin_handling().unwrap());
    core.request_stop(None);
    drop(handling);
    assert!(core.is_stopping(), "the loop goes on");
    drop(serving);
    assert!(!core.is_stopping());

    let (serving, handling) = (core.begin_serving().unwrap(), core.begin_handling().unwrap());
    core.request_stop(None);
    drop(serving);
    assert!(core.is_stopping(), "the single request goes on");
    drop(handling);
    assert!(!core.is_stopping());
}

#[test]
fn a_single_request_that_begins_while_the_server_stops_lets_it_stop() {
    let core = core();
    let _serving = core.begin_serving().unwrap();
    core.request_stop(None);
    drop(core.begin_handling().unwrap());
    assert!(core.is_draining() && core.is_stopping());
}

#[test]
fn a_stop_wakes_whoever_waits_and_the_end_lets_waits_last_again() {
    use crate::wake::Wanted;
    let core = core();
    let woken = || {
        let until = Some(super::soon());
        core.wait(Wanted { until, ..Wanted::default() }, || true).unwrap().woken
    };
    let serving = core.begin_serving().unwrap();
    assert!(!woken());
    core.request_stop(None);
    assert!(woken() && woken());
    drop(serving);
    assert!(!woken());
}

#[test]
fn the_end_of_serving_is_to_be_told_to_the_state_once_in_each_run() {
    let core = core();
    for _ in 0..2 {
        let _serving = core.begin_serving().unwrap().unwrap();
        assert!(core.must_tell_state());
        assert!(!core.must_tell_state());
    }
}

#[test]
fn a_close_is_for_good_and_stops_what_runs() {
    let core = core();
    let serving = core.begin_serving().unwrap();
    assert!(!core.is_closed() && !core.is_stopping());
    core.close();
    assert!(core.is_closed() && core.is_stopping());
    drop(serving);
    assert!(core.is_closed());
}

#[test]
fn a_stop_names_the_run_that_it_stops() {
    let core = core();
    let first = core.begin_serving().unwrap();
    let run = core.request_stop(None);
    assert_eq!(core.request_stop(None), run);
    drop(first);
    let _second = core.begin_serving().unwrap();
    assert_ne!(core.request_stop(None), run);
}

#[test]
fn children_see_whether_the_server_drains_those_that_are_forked_later_too() {
    let (parent, child) = (core(), core());
    let _serving = parent.begin_serving().unwrap();
    let nursery = parent.nursery().unwrap();
    child.enter_child(Some(nursery.clone()));
    assert!(!child.is_draining());
    parent.request_stop(Some(late()));
    assert!(child.is_draining());
    assert!(Arc::ptr_eq(&nursery, &parent.nursery().unwrap()), "all look at one place");

    let later = core();
    later.begin_handling().unwrap();
    later.request_stop(None);
    assert!(later.nursery().unwrap().is_draining(), "made after the stop");
}

#[test]
fn a_stop_ends_the_idle_waits_of_threads() {
    use crate::Ticket;
    use socketserver_net::{Next, StreamRequest, UnixStream};
    let core = core();
    let _serving = core.begin_serving().unwrap();
    let (here, _there) = std::os::unix::net::UnixStream::pair().unwrap();
    let connection = StreamRequest::connection(&UnixStream::from(here));
    let _ticket = Ticket::new(&core, peer, Some(&connection), false);
    thread::scope(|scope| {
        let next = scope.spawn(|| {
            connection.settimeout(Some(Duration::from_secs(30)));
            connection
                .wait_for_next(|| core.is_draining(), || Ok::<_, io::Error>(connection.recv(&mut [0])? > 0))
        });
        while connection.activity() != socketserver_net::Activity::Idle {
            thread::yield_now();
        }
        core.request_stop(None);
        assert_eq!(next.join().unwrap().unwrap(), Next::IsNotWanted);
    });
}
