//! The other numbers that mustn't be over-run: connections of one peer, handshakes.

use super::{core, explore, join, nobody};
use crate::{Limit, Ticket, core::Core, handshake::Handshakes};
use socketserver_net::{StreamRequest, UnixStream};
use socketserver_sys::sync::loom::thread;
use std::{
    os::unix::net,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// A connection from the one peer there is; whether it was let in, and while it was there.
fn visit(core: &Arc<Core>, inside: &AtomicUsize, most: usize) -> bool {
    let (here, _there) = net::UnixStream::pair().unwrap();
    let connection = UnixStream::from(here).connection();
    assert!(core.gate.try_enter());
    let ticket = Ticket::new(core, nobody, Some(&connection), true);
    let is_in = ticket.refusal().is_none();
    if is_in {
        assert!(inside.fetch_add(1, SeqCst) < most, "one too many");
        thread::yield_now();
        inside.fetch_sub(1, SeqCst);
    }
    is_in
}

#[test]
fn of_one_peer_never_one_too_many_and_none_is_lost() {
    explore(|| {
        let core = core(Limit::none());
        core.limit_peers(Some(1));
        let inside = Arc::new(AtomicUsize::new(0));
        let visitors = [(); 2].map(|()| {
            let (core, inside) = (core.clone(), inside.clone());
            thread::spawn(move || _ = visit(&core, &inside, 1))
        });
        join(visitors);
        assert!(visit(&core, &inside, 1), "its place was given back");
    });
}

#[test]
fn those_who_are_there_when_a_peers_limit_comes_count() {
    explore(|| {
        let core = core(Limit::none());
        let inside = Arc::new(AtomicUsize::new(0));
        let visitor = {
            let (core, inside) = (core.clone(), inside.clone());
            thread::spawn(move || assert!(visit(&core, &inside, 2), "there is none, or room for one"))
        };
        core.limit_peers(Some(1));
        join([visitor]);
        assert!(visit(&core, &inside, 1) && visit(&core, &inside, 1), "and are forgotten when they go");
    });
}

#[test]
fn never_one_handshake_too_many() {
    explore(|| {
        let (handshakes, inside) = (Arc::new(Handshakes::new(Some(1))), Arc::new(AtomicUsize::new(0)));
        let threads = [(); 2].map(|()| {
            let (handshakes, inside) = (handshakes.clone(), inside.clone());
            thread::spawn(move || {
                if handshakes.begin() {
                    assert_eq!(inside.fetch_add(1, SeqCst), 0, "one too many");
                    thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                    handshakes.end();
                }
            })
        });
        join(threads);
        assert!(handshakes.begin() && !handshakes.begin(), "its place was given back");
    });
}
