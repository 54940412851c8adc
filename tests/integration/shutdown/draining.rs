//! Cases of what a shutdown with a deadline reports, and of `server_close`, for a server of any mix-in.

use super::{client::Client, steering::Steering, stopping::Make};
use crate::util::{GUARD, finishes, serve_shared, wait_for};
use socketserver::{BaseServer, ServerError, ShutdownReport};
use std::{
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

/// Clients in the middle of their requests.
fn busy(server: &dyn BaseServer, clients: usize) -> Vec<Client> {
    let connect = |_| {
        let mut client = Client::connect(server).unwrap();
        assert_eq!(client.ask("hello\n").unwrap(), "hello\n");
        client
    };
    (0..clients).map(connect).collect()
}

/// Begins a shutdown; the server has been told to stop when this returns.
fn begin_shutdown(server: &Arc<dyn BaseServer>, deadline: Duration) -> thread::JoinHandle<ShutdownReport> {
    let handle = server.handle();
    let shutdown = thread::spawn({
        let handle = handle.clone();
        move || handle.shutdown(deadline)
    });
    wait_for("the shutdown to begin", || handle.is_draining());
    shutdown
}

/// Requests that end before the deadline are drained.
pub(crate) fn drains(make: Make, clients: usize) {
    let server = make(Steering::default());
    let served = serve_shared(server.clone());
    let busy = busy(&*server, clients);
    let shutdown = begin_shutdown(&server, GUARD);
    assert!(!shutdown.is_finished(), "it waits for those clients");
    for mut client in busy {
        assert_eq!(client.ask("goodbye\n").unwrap(), "goodbye\n", "the request goes on");
        client.finish().unwrap();
    }
    let report = shutdown.join().unwrap();
    assert_eq!((report.drained, report.forced, report.refused), (clients, 0, 0), "{report:?}");
    assert!(report.elapsed < GUARD, "it didn't wait for the deadline: {report:?}");
    assert_eq!(server.stats().active, 0);
    served.join().unwrap();
}

/// Requests that don't are ended by force.
pub(crate) fn forces(make: Make, clients: usize) {
    let server = make(Steering::default());
    let served = serve_shared(server.clone());
    let busy = busy(&*server, clients);
    let shut_down = server.clone();
    let report = finishes("the shutdown", move || shut_down.handle().shutdown(Duration::ZERO));
    assert_eq!((report.drained, report.forced, report.refused), (0, clients, 0), "{report:?}");
    // They have a second to notice; a busy machine may not let them.
    let at_rest = server.stats().active == 0;
    assert!(at_rest || report.elapsed >= Duration::from_secs(1), "not at rest: {report:?}");
    served.join().unwrap();
    wait_for("all to notice", || server.stats().active == 0);
    for client in busy {
        assert!(client.finish().is_ok_and(|rest| rest.is_empty()), "the connection has ended");
    }
}

/// Of three, two end in time and one doesn't. On a busy machine the two may need a longer deadline; one must be long enough.
pub(crate) fn tells_drained_from_forced(make: Make) {
    let mut deadline = Duration::from_millis(100);
    loop {
        let server = make(Steering::default());
        let served = serve_shared(server.clone());
        let mut busy = busy(&*server, 3);
        let overstays = busy.pop().expect("one of three");
        let shutdown = begin_shutdown(&server, deadline);
        for client in busy {
            client.finish().unwrap();
        }
        let report = shutdown.join().unwrap();
        assert_eq!(report.drained + report.forced, 3, "{report:?}");
        assert!(report.forced >= 1 && report.elapsed >= deadline, "one has overstayed: {report:?}");
        overstays.finish().unwrap();
        served.join().unwrap();
        if report.drained == 2 {
            return;
        }
        deadline *= 4;
        assert!(deadline < GUARD, "two clients that finish at once are never drained: {report:?}");
    }
}

/// A second shutdown may be less patient than the first. Each reports what happened since it began.
pub(crate) fn may_become_impatient(make: Make) {
    let server = make(Steering::default());
    let served = serve_shared(server.clone());
    let mut busy = busy(&*server, 3);
    let overstays = busy.pop().expect("one of three");
    let patient = begin_shutdown(&server, GUARD);
    for client in busy {
        client.finish().unwrap();
    }
    wait_for("two to have ended", || server.stats().active == 1);
    let impatient = server.handle().shutdown(Duration::ZERO);
    assert_eq!((impatient.drained, impatient.forced), (0, 1), "{impatient:?}");
    let patient = patient.join().unwrap();
    assert_eq!((patient.drained, patient.forced), (2, 1), "{patient:?}");
    overstays.finish().unwrap();
    served.join().unwrap();
}

/// `server_close` ends the loop and waits for what is running, however often and from wherever it is called.
pub(crate) fn close_waits(make: Make, clients: usize) {
    let server = make(Steering::default());
    let served = serve_shared(server.clone());
    let busy = busy(&*server, clients);
    let together = Arc::new(Barrier::new(5));
    let close = || {
        let (server, together) = (server.clone(), together.clone());
        thread::spawn(move || {
            together.wait();
            server.server_close();
            server.stats().active // all of them come back when nothing runs any more, not the first only
        })
    };
    let closing: Vec<_> = (0..4).map(|_| close()).collect();
    together.wait();
    wait_for("the server to close", || server.handle().is_draining());
    for mut client in busy {
        assert_eq!(client.ask("goodbye\n").unwrap(), "goodbye\n", "the request goes on");
        client.finish().unwrap();
    }
    wait_for("server_close to return", || closing.iter().all(|thread| thread.is_finished()));
    for active in closing {
        assert_eq!(active.join().unwrap(), 0);
    }
    served.join().unwrap();
    assert_eq!(server.fileno(), -1);
    assert!(matches!(server.serve_forever(), Err(ServerError::Closed)));
    assert!(matches!(server.handle_request(), Err(ServerError::Closed)));
    finishes("one more server_close", move || server.server_close());
}

/// `server_close` ends `handle_request` too, and waits for it.
pub(crate) fn close_ends_handle_request(make: Make) {
    let server = make(Steering::default());
    let handling = thread::spawn({
        let server = server.clone();
        move || server.handle_request().map(drop)
    });
    let close = server.clone();
    finishes("server_close", move || close.server_close());
    wait_for("handle_request to return", || handling.is_finished());
    // Whichever was first.
    assert!(matches!(handling.join().unwrap(), Ok(()) | Err(ServerError::Closed)));
}

/// Dropping a server waits as `server_close` does. Its handle may outlive it.
pub(crate) fn drop_waits(make: Make) {
    let server = make(Steering::default());
    let handle = server.handle();
    let mut client = Client::connect(&*server).unwrap();
    let asking = thread::spawn(move || {
        assert_eq!(client.ask("hello\n").unwrap(), "hello\n");
        client
    });
    server.handle_request().unwrap(); // on a thread, or in a child, which goes on
    let client = asking.join().unwrap();
    let watch = handle.clone();
    let dropping = thread::spawn(move || {
        drop(server);
        watch.stats().active
    });
    client.finish().unwrap();
    wait_for("the drop to return", || dropping.is_finished());
    assert_eq!(dropping.join().unwrap(), 0);
    let report = finishes("a shutdown of what is gone", move || handle.shutdown(Duration::MAX));
    assert_eq!((report.drained, report.forced), (0, 0));
}
