//! A thread that waits for a connection's next request, and a server that stops: the thread doesn't wait for ever, and what had arrived
//! before is served.

use super::{core, explore, join, nobody};
use crate::{Limit, core::Core};
use rustix::event::{PollFd, PollFlags, poll};
use socketserver_handlers::ServerControl;
use socketserver_net::{Connection, Next, StreamRequest, UnixStream};
use socketserver_sys::sync::{loom::thread, waiting_call, waking_call};
use std::{io, os::unix::net, sync::Arc};

/// A connection that is listed, and its client.
fn connected(core: &Core) -> (UnixStream, Connection, UnixStream) {
    let (here, there) = net::UnixStream::pair().unwrap();
    let (here, there) = (UnixStream::from(here), UnixStream::from(there));
    let connection = here.connection();
    core.registry.insert(1, nobody(), Some(&connection));
    (here, connection, there)
}

/// What runs a keep-alive handler on a thread does between two requests.
fn wait_for_the_next(core: &Core, here: &UnixStream, connection: &Connection) -> bool {
    let read = || {
        let look = || poll(&mut [PollFd::new(&**here, PollFlags::IN)], Some(&Default::default()));
        waiting_call(|| look().ok().filter(|ready| *ready > 0));
        Ok::<_, io::Error>(here.recv(&mut [0; 8])? > 0)
    };
    connection.wait_for_next(|| core.is_draining(), read).unwrap() == Next::IsThere
}

#[test]
fn a_stop_ends_the_wait_whenever_it_begins() {
    explore(|| {
        let core = core(Limit::none());
        let (here, connection, _there) = connected(&core);
        let stops = Arc::clone(&core);
        let stops = thread::spawn(move || _ = stops.stop_here(None));
        assert!(!wait_for_the_next(&core, &here, &connection));
        stops.join().unwrap();
    });
}

#[test]
fn a_request_that_came_before_the_stop_is_served() {
    explore(|| {
        let core = core(Limit::none());
        let (here, connection, there) = connected(&core);
        there.sendall(b"next").unwrap();
        let stops = Arc::clone(&core);
        let stops = thread::spawn(move || _ = stops.stop_here(None));
        assert!(wait_for_the_next(&core, &here, &connection));
        stops.join().unwrap();
        assert!(!wait_for_the_next(&core, &here, &connection), "there is none behind it");
    });
}

#[test]
fn two_who_stop_and_a_client_that_leaves_end_one_wait() {
    explore(|| {
        let core = core(Limit::none());
        let (here, connection, there) = connected(&core);
        let client = thread::spawn(move || waking_call(|| drop(there)));
        let stops = Arc::clone(&core);
        let stops = thread::spawn(move || _ = stops.stop_here(None));
        assert!(!wait_for_the_next(&core, &here, &connection));
        join([client, stops]);
    });
}
