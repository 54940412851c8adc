//! Clients who come all the time.

use super::{close_port, kinds, start};
use crate::{
    backlog::{close, counts, served, tell},
    util::wait_for,
};
use reliability::Client;
use std::{
    io,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
};

/// They are served or refused by the system, and nothing else.
#[test]
fn nobody_is_lost_between_open_and_closed() {
    for mixin in kinds() {
        let (mut server, _, address) = start(mixin, &[]);
        let (answered, refused, is_over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        let come = || {
            while !is_over.load(SeqCst) {
                match Client::try_connect(address) {
                    Ok(client) => {
                        assert_eq!(served(client, mixin), "FIRST");
                        answered.fetch_add(1, SeqCst);
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{mixin}");
                        refused.fetch_add(1, SeqCst);
                    }
                }
            }
        };
        thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(come)));
            for _ in 0..4 {
                let (before, rejected) = (answered.load(SeqCst), refused.load(SeqCst));
                wait_for("somebody to be served", || answered.load(SeqCst) > before);
                close_port(&mut server, mixin);
                wait_for("somebody to be refused", || refused.load(SeqCst) > rejected);
                tell(&mut server, "resume");
            }
            is_over.store(true, SeqCst);
        });
        let answered = answered.into_inner();
        assert_eq!(close(server), counts(answered, answered), "{mixin}");
    }
}
