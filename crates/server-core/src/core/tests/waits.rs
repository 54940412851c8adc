//! Waiting for the loop, for requests and for room: what ends it, and what doesn't.

use super::{core, late, options, peer, promptly, request, soon, with};
use crate::{
    Limit, Ticket,
    core::{Core, Run},
    link::Link,
    mixin::Drain,
    scripted::goes_on,
    wake::{Ready, Wanted},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

/// A mix-in that is asked to wait for what it runs.
#[derive(Default)]
struct Asked(AtomicU32);

impl Drain for Asked {
    fn drain(&self, _until: Instant) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// What an acceptor's wait ends with, if it lasts until `until` at most.
fn wait(core: &Core, room: bool, until: Instant) -> Ready {
    core.wait(Wanted { room, until: Some(until), ..Wanted::default() }, || true).unwrap()
}

const WOKEN: Ready = Ready { woken: true, request: false, mixin: false, signal: false, called: false };

#[test]
fn who_waits_for_the_end_of_the_loop_waits_until_it_has_ended() {
    let core = core();
    let serving = core.begin_serving().unwrap();
    let run = core.request_stop(None);
    thread::scope(|scope| {
        let wait = scope.spawn(|| core.wait_until_stopped(run));
        assert!(goes_on(&wait));
        drop(serving);
    });
    core.wait_until_stopped(run); // it is over
}

#[test]
fn a_close_waits_for_the_loop_and_for_single_requests() {
    let core = core();
    core.wait_until_closed(); // for nobody
    let serving = core.begin_serving().unwrap();
    thread::scope(|scope| {
        let wait = scope.spawn(|| core.wait_until_closed());
        assert!(goes_on(&wait), "for the loop");
        drop(serving);
    });
    let handling = core.begin_handling().unwrap();
    thread::scope(|scope| {
        let wait = scope.spawn(|| core.wait_until_closed());
        assert!(goes_on(&wait), "for a single request");
        drop(handling);
    });
    core.wait_until_closed();
}

#[test]
fn waiting_for_rest_ends_with_the_loop_and_the_last_request_whichever_comes_last() {
    let core = core();
    let serving = core.begin_serving().unwrap();
    let ticket = request(&core);
    let run = core.request_stop(None);
    thread::scope(|scope| {
        let wait = scope.spawn(|| promptly(|until| core.wait_until_idle(run, until)));
        assert!(goes_on(&wait), "for the loop");
        drop(serving);
        assert!(goes_on(&wait), "for the request");
        drop(ticket);
        assert!(wait.join().unwrap());
    });
    let serving = core.begin_serving().unwrap();
    let ticket = request(&core);
    let run = core.request_stop(None);
    thread::scope(|scope| {
        let wait = scope.spawn(|| promptly(|until| core.wait_until_idle(run, until)));
        drop(ticket);
        assert!(goes_on(&wait), "for the loop");
        drop(serving);
        assert!(wait.join().unwrap());
    });
    assert!(promptly(|until| core.wait_until_idle(run, until)), "there is nothing to wait for");
}

#[test]
fn a_loop_that_runs_is_no_rest_though_nobody_is_inside() {
    let core = core();
    let _serving = core.begin_serving().unwrap();
    let run = core.request_stop(None);
    assert!(!core.wait_until_idle(run, soon()));
}

/// A loop that has entered the gate for a client, of which it doesn't know yet whether it exists.
#[test]
fn a_place_without_a_request_is_waited_for_and_no_request_in_progress() {
    let core = core();
    let run = core.request_stop(None);
    assert!(core.gate.try_enter());
    assert!(core.wait_until_idle(run, soon()), "nothing is in progress");
    assert!(!core.wait_until_drained(soon()), "but the place is taken");
    thread::scope(|scope| {
        let waits = [
            scope.spawn(|| promptly(|until| core.wait_until_idle(run, until))),
            scope.spawn(|| promptly(|until| core.wait_until_drained(until))),
        ];
        assert!(waits.iter().all(goes_on));
        core.left();
        assert!(waits.map(|wait| wait.join().unwrap()).into_iter().all(|is_so| is_so));
    });
    assert!(promptly(|until| core.wait_until_drained(until)));
}

#[test]
fn where_nobody_waits_for_the_end_who_leaves_needs_no_lock() {
    let core = core();
    let leaves_while_it_is_locked = || {
        assert!(core.gate.try_enter());
        let _life = core.life.lock();
        core.left();
    };
    leaves_while_it_is_locked();
    assert!(core.wait_until_drained(soon())); // whoever waited does so no more
    leaves_while_it_is_locked();
}

/// A request whose child serves it holds no place in the gate of a worker process's parent, and counts all the same.
#[test]
fn a_request_without_a_place_is_in_progress() {
    let core = core();
    let run = core.request_stop(None);
    let ticket = Ticket::new(&core, peer, None, false);
    assert!(!core.wait_until_idle(run, soon()));
    drop(ticket);
    assert!(core.wait_until_idle(run, soon()));
}

#[test]
fn the_mix_in_is_asked_to_wait_for_what_it_runs_if_it_runs_anything() {
    let (core, mixin) = (core(), Arc::new(Asked::default()));
    let known: std::sync::Weak<Asked> = Arc::downgrade(&mixin);
    core.know_mixin(known);
    let run = core.request_stop(None);
    assert!(core.wait_until_idle(run, soon()));
    assert_eq!(mixin.0.load(SeqCst), 0, "it runs nothing");
    let _ticket = request(&core);
    assert!(!core.wait_until_idle(run, soon()));
    assert_eq!(mixin.0.load(SeqCst), 1);
}

#[test]
fn a_change_of_the_number_of_requests_is_seen_at_once() {
    let core = core();
    assert!(!core.wait_for(soon(), |active| active == 1));
    thread::scope(|scope| {
        let come = scope.spawn(|| promptly(|until| core.wait_for(until, |active| active == 1)));
        assert!(goes_on(&come));
        let ticket = request(&core);
        assert!(come.join().unwrap());
        let gone = scope.spawn(|| promptly(|until| core.wait_for(until, |active| active == 0)));
        assert!(goes_on(&gone));
        drop(ticket);
        assert!(gone.join().unwrap());
    });
}

#[test]
fn what_worker_processes_do_is_looked_at_again_and_again() {
    let core = core();
    let link = Arc::new(Link::new(1).unwrap().0);
    core.workers.lock().push(link.clone());
    thread::scope(|scope| {
        let wait = scope.spawn(|| promptly(|until| core.wait_for(until, |active| active == 1)));
        assert!(goes_on(&wait));
        link.slot.counts()[0].fetch_add(1, SeqCst); // accepted there, and nobody tells
        assert!(wait.join().unwrap());
    });
}

/// How often it is looked otherwise: at each change, and no more.
#[test]
fn without_worker_processes_nothing_is_looked_at_again_and_again() {
    let core = core();
    let mut looks = 0;
    let until = Instant::now() + Duration::from_millis(200);
    assert!(!core.wait_for(until, |_| {
        looks += 1;
        false
    }));
    assert!(looks <= 3, "at the beginning and at the end");
}

#[test]
fn for_room_nobody_waits_where_there_is_some_or_it_isnt_needed() {
    let (core, _) = with(Limit::backlog(1), None, Duration::ZERO);
    assert_eq!(promptly(|until| wait(&core, true, until)), Ready::default(), "there is room");
    let _ticket = request(&core);
    let needless = || core.wait(Wanted { room: true, until: Some(late()), ..Wanted::default() }, || false);
    assert_eq!(promptly(|_| needless()).unwrap(), Ready::default());
    let full = Instant::now() + Duration::from_millis(20);
    assert_eq!(wait(&core, true, full), Ready::default());
    assert!(Instant::now() >= full, "it has waited");
}

#[test]
fn who_waits_for_room_is_woken_by_who_leaves_and_waits_no_more() {
    let (core, _) = with(Limit::backlog(1), None, Duration::ZERO);
    let ticket = request(&core);
    thread::scope(|scope| {
        let room = scope.spawn(|| promptly(|until| wait(&core, true, until)));
        while !core.gate.has_queue() {
            thread::yield_now();
        }
        assert!(goes_on(&room));
        drop(ticket);
        assert!(room.join().unwrap().request);
    });
    assert!(!core.gate.has_queue());
}

#[test]
fn who_was_woken_for_nothing_lets_waits_last_again() {
    let core = core();
    core.waker.wake();
    assert_eq!(wait(&core, false, late()), WOKEN);
    core.note(Ready::default());
    assert_eq!(wait(&core, false, late()), WOKEN, "somebody else was");
    core.note(WOKEN);
    assert_eq!(wait(&core, false, soon()), Ready::default());
}

#[test]
fn a_stop_stays_visible_to_all_who_wait() {
    let core = Core::new(peer(), options(Limit::none(), super::Alarms::default())).unwrap();
    let run: Run = core.request_stop(None);
    core.wait_until_stopped(run); // nothing was running
    core.note(WOKEN);
    assert_eq!(wait(&core, false, late()), WOKEN);
}
