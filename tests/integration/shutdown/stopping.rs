//! Cases of `shutdown`, for a server of any mix-in. Each takes what makes the server.
#![allow(dead_code, reason = "the helper program uses a part of it")]

use super::{
    client::{Client, expect_service},
    steering::{Act, Place, SHUTDOWNS, Steering},
};
use crate::util::{GUARD, Seen, ThreadId, finishes, serve_shared, wait_for};
use socketserver::{BaseServer, Handled, ServerError};
use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

/// Gives a steering the mix-in that is tested.
pub(crate) type Make = fn(Steering) -> Arc<dyn BaseServer>;

/// A loop that sleeps, and that nothing wakes by and by, ends.
pub(crate) fn ends_a_loop_that_sleeps(make: Make) {
    for act in SHUTDOWNS {
        let steering = Steering::default();
        let server = make(steering.clone());
        let served = serve_shared(server.clone()).accepting_by(&steering.threads.0);
        served.wait_until_asleep();
        finishes("the shutdown", move || act(&*server));
        served.join().unwrap();
    }
}

/// `shutdown` comes back when the loop has ended, not before.
pub(crate) fn waits_for_the_end_of_the_loop(make: Make) {
    let waiting: [Act; 2] =
        [|server| server.shutdown(), |server| _ = server.handle().shutdown(Duration::MAX)];
    for act in waiting {
        let steering = Steering::default();
        let server = make(steering.clone());
        let served = serve_shared(server.clone()).accepting_by(&steering.threads.0);
        served.wait_until_asleep();
        finishes("the shutdown", move || act(&*server));
        assert!(!served.handle().is_serving());
        assert_eq!(steering.recorder.seen().last(), Some(&Seen::Stopped));
        served.join().unwrap();
    }
}

/// The server stops itself at each place of its own life. Not for servers that fork: a child has but a copy of the server.
pub(crate) fn works_from_everywhere(make: Make) {
    for place in Place::ALL {
        SHUTDOWNS.iter().for_each(|act| works_from(make, place, *act));
    }
}

pub(crate) fn works_from(make: Make, place: Place, act: Act) {
    let steering = Steering::at(place, act);
    let server = make(steering.clone());
    let served = serve_shared(server.clone());
    one_request(&*server, place);
    served.join().unwrap(); // nobody else stops it
    steering.note_done();
    let served = serve_shared(server);
    expect_service(&**served);
    served.stop().unwrap();
}

/// The server closes itself at each place of its own life.
pub(crate) fn closes_from_everywhere(make: Make) {
    for place in Place::ALL {
        closes_from(make, place);
    }
}

pub(crate) fn closes_from(make: Make, place: Place) {
    let server = make(Steering::at(place, |server| server.server_close()));
    let served = serve_shared(server.clone());
    one_request(&*server, place);
    served.join().unwrap();
    assert_eq!(server.fileno(), -1);
    assert!(matches!(server.serve_forever(), Err(ServerError::Closed)));
    finishes("the second server_close", move || server.server_close());
}

/// Leads a server to a place. What the client gets depends on the place.
fn one_request(server: &dyn BaseServer, place: Place) {
    if place == Place::Serving {
        return; // it comes there by itself, and a client would wait for the next time
    }
    let line = if place == Place::HandleError { "fail\n" } else { "hello\n" };
    if let Ok(mut client) = Client::connect(server) {
        let _ = client.ask(line);
        if place == Place::Stopped {
            server.handle().request_shutdown(); // so that it comes there
        }
        let _ = client.finish();
    }
}

/// `cx.server.shutdown()` only asks: the handler goes on, and its client gets all.
pub(crate) fn works_by_what_a_handler_has(make: Make) {
    let server = make(Steering::default());
    let served = serve_shared(server.clone());
    let mut client = Client::connect(&*server).unwrap();
    assert_eq!(client.ask("stop\n").unwrap(), "stop\n");
    wait_for("the server to know", || server.handle().is_draining()); // the handler may be in another process
    assert_eq!(client.ask("and yet\n").unwrap(), "and yet\n");
    client.finish().unwrap();
    served.join().unwrap();
}

/// A shutdown that comes before the thread that serves is remembered, once.
pub(crate) fn may_come_first(make: Make) {
    for act in SHUTDOWNS {
        let server = make(Steering::default());
        let shut_down = server.clone();
        finishes("the shutdown", move || act(&*shut_down));
        serve_shared(server.clone()).join().unwrap();
        let served = serve_shared(server);
        expect_service(&**served);
        served.stop().unwrap();
    }
}

/// A shutdown of a server that has ended does nothing, not even to the next beginning; nor does a second one.
pub(crate) fn may_come_last_and_twice(make: Make) {
    let server = make(Steering::default());
    for act in SHUTDOWNS {
        let served = serve_shared(server.clone());
        expect_service(&*server);
        served.stop().unwrap();
        let shut_down = server.clone();
        finishes("the shutdowns", move || [act, act].iter().for_each(|act| act(&*shut_down)));
    }
}

/// Several threads shut the same server down.
pub(crate) fn may_come_from_all_sides(make: Make) {
    let server = make(Steering::default());
    let served = serve_shared(server.clone());
    expect_service(&*server);
    let together = Arc::new(Barrier::new(2 * SHUTDOWNS.len()));
    let threads = SHUTDOWNS.iter().cycle().take(2 * SHUTDOWNS.len()).map(|&act| {
        let (server, together) = (server.clone(), together.clone());
        thread::spawn(move || {
            together.wait();
            act(&*server);
        })
    });
    let threads: Vec<_> = threads.collect();
    wait_for("the shutdowns", || threads.iter().all(|thread| thread.is_finished()));
    served.join().unwrap();
}

/// A thread that serves again at once doesn't hold up who has waited for the end of the time before; tried so many times.
pub(crate) fn is_not_held_up_by_the_next_beginning(make: Make, times: usize) {
    let server = make(Steering::default());
    let enough = Arc::new(AtomicBool::new(false));
    let serving = thread::spawn({
        let (server, enough) = (server.clone(), enough.clone());
        move || {
            while !enough.load(SeqCst) {
                server.serve_forever().unwrap();
            }
        }
    });
    let shut_down = server.clone();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        (0..times).try_for_each(|_| {
            shut_down.shutdown();
            tell.send(())
        })
    });
    (0..times).for_each(|_| told.recv_timeout(GUARD).expect("none of the shutdowns hangs"));
    enough.store(true, SeqCst);
    wait_for("the last end", || {
        server.handle().request_shutdown(); // it may come between two beginnings, where there is nothing to stop
        serving.is_finished()
    });
    serving.join().unwrap();
}

/// A shutdown ends a `handle_request` that waits, and only it.
pub(crate) fn ends_handle_request(make: Make) {
    for act in SHUTDOWNS {
        let server = make(Steering::default());
        let (tell, told) = mpsc::channel();
        let handling = thread::spawn({
            let server = server.clone();
            move || {
                tell.send(ThreadId::mine()).unwrap();
                server.handle_request().unwrap()
            }
        });
        let thread = told.recv().unwrap();
        wait_for("handle_request to sleep", || thread.is_asleep());
        let shut_down = server.clone();
        finishes("the shutdown", move || act(&*shut_down));
        wait_for("handle_request to return", || handling.is_finished());
        assert_eq!(handling.join().unwrap(), Handled::Stopped);

        let served = serve_shared(server);
        expect_service(&**served);
        served.stop().unwrap();
    }
}
