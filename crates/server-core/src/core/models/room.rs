//! The limit: nobody too many, and whoever waits for room gets it.

use super::{core, explore, join};
use crate::{
    Limit,
    core::Core,
    limit::{Gate, Policy},
    wake::Wanted,
};
use socketserver_sys::sync::loom::thread;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

/// As an acceptor that is to leave clients in the backlog. False if it isn't any more.
fn go_in(core: &Core) -> bool {
    let holds_up = || core.gate.policy() == Policy::Backlog;
    loop {
        if core.gate.try_enter() {
            return true;
        }
        if !holds_up() {
            return false;
        }
        let wanted = Wanted { room: true, ..Wanted::default() };
        let ready = core.wait(wanted, holds_up).unwrap();
        core.note(ready);
    }
}

#[test]
fn never_one_too_many() {
    explore(|| {
        let gate = Arc::new(Gate::new(Limit::reject(1)));
        let inside = Arc::new(AtomicUsize::new(0));
        let threads = [(); 3].map(|()| {
            let (gate, inside) = (gate.clone(), inside.clone());
            thread::spawn(move || {
                if gate.try_enter() {
                    assert_eq!(inside.fetch_add(1, SeqCst), 0, "one too many");
                    thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                    gate.leave();
                }
            })
        });
        join(threads);
        assert_eq!(gate.inside(), 0);
    });
}

#[test]
fn a_limit_that_is_lowered_meanwhile_holds_for_all_who_come_after() {
    explore(|| {
        let gate = Arc::new(Gate::new(Limit::reject(2)));
        let threads = [(); 2].map(|()| {
            let gate = gate.clone();
            thread::spawn(move || gate.try_enter())
        });
        gate.set_limit(Limit::reject(1));
        let inside = gate.inside();
        let entered = threads.map(|thread| thread.join().unwrap()).iter().filter(|it| **it).count();
        assert_eq!(gate.inside(), entered);
        assert!(entered <= inside.max(1), "one went in by the old limit");
    });
}

#[test]
fn nobody_is_turned_away_by_a_limit_that_never_was() {
    let wait = |max| Limit::wait(max, Duration::from_secs(1));
    let changes = [
        (Limit::backlog(1), Limit::reject(2)),
        (Limit::reject(2), Limit::backlog(1)),
        (wait(1), Limit::reject(2)),
        (Limit::reject(2), wait(1)),
    ];
    for (before, after) in changes {
        explore(move || {
            let gate = Arc::new(Gate::new(before));
            assert!(gate.try_enter());
            let comes = {
                let gate = gate.clone();
                thread::spawn(move || gate.enter())
            };
            gate.set_limit(after);
            assert_ne!(
                comes.join().unwrap(),
                Err(Policy::Reject),
                "both have room for two where they turn away"
            );
        });
    }
}

#[test]
fn whoever_waits_for_room_gets_it_when_others_leave() {
    explore(|| {
        let core = core(Limit::backlog(1));
        assert!(core.gate.try_enter());
        let acceptors = [(); 2].map(|()| {
            let core = core.clone();
            thread::spawn(move || {
                assert!(go_in(&core));
                core.left();
            })
        });
        core.left();
        join(acceptors);
        assert_eq!((core.gate.inside(), core.gate.has_queue()), (0, false));
    });
}

#[test]
fn a_limit_that_is_raised_lets_in_as_many_as_wait() {
    explore(|| {
        let core = core(Limit::backlog(1));
        assert!(core.gate.try_enter());
        let acceptors = [(); 2].map(|()| {
            let core = core.clone();
            thread::spawn(move || assert!(go_in(&core)))
        });
        core.set_limit(Limit::backlog(3));
        join(acceptors);
        assert_eq!(core.gate.inside(), 3);
    });
}

#[test]
fn whoever_waits_for_room_hears_that_it_need_not_any_more() {
    explore(|| {
        let core = core(Limit::backlog(1));
        assert!(core.gate.try_enter());
        let acceptors = [(); 2].map(|()| {
            let core = core.clone();
            thread::spawn(move || assert!(!go_in(&core)))
        });
        core.set_limit(Limit::reject(1));
        join(acceptors);
    });
}
