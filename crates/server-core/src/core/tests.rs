//! The life of a server without a loop: what begins, stops and waits for what.

mod in_worker;
mod life;
mod waits;

use super::{Core, CoreOptions};
use crate::{Event, Limit, Observer, ServerError, Ticket, scripted::goes_on, time_limits::TimeLimits};
use parking_lot::Mutex;
use socketserver_handlers::ServerControl;
use socketserver_net::Address;
use std::{
    net::SocketAddr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// How many there were at an alarm, and the limit.
type Told = Vec<(usize, Option<usize>)>;

#[derive(Default, Clone)]
struct Alarms(Arc<Mutex<Told>>);

impl Observer for Alarms {
    fn event(&self, event: &Event<'_>) {
        if let Event::ConnectionsHigh { active, limit } = event {
            self.0.lock().push((*active, *limit));
        }
    }
}

fn peer() -> Address {
    SocketAddr::from(([127, 0, 0, 1], 9)).into()
}

fn with(limit: Limit, alarm_at: Option<usize>, cool_down: Duration) -> (Arc<Core>, Alarms) {
    let alarms = Alarms::default();
    let options = CoreOptions { alarm_at, alarm_cool_down: cool_down, ..options(limit, alarms.clone()) };
    (Arc::new(Core::new(peer(), options).unwrap()), alarms)
}

impl Core {
    /// For tests of other modules: one that nothing is said of.
    pub(crate) fn for_tests() -> Arc<Core> {
        core()
    }

    /// One of which this is said.
    pub(crate) fn with(set: impl FnOnce(&mut CoreOptions)) -> Arc<Core> {
        let mut options = options(Limit::none(), Alarms::default());
        set(&mut options);
        Arc::new(Core::new(peer(), options).unwrap())
    }
}

fn options(limit: Limit, observer: impl Observer) -> CoreOptions {
    CoreOptions {
        limit,
        max_per_peer: None,
        alarm_at: None,
        alarm_cool_down: Duration::ZERO,
        observer: Box::new(observer),
        linger: crate::Linger::default(),
        reserve_descriptor: false,
        backlog: crate::Backlog::Keep,
        request_queue_size: 5,
        poll_interval: None,
        time_limits: TimeLimits::DEFAULT,
        max_handshakes: None,
    }
}

fn core() -> Arc<Core> {
    with(Limit::none(), None, Duration::ZERO).0
}

fn request(core: &Arc<Core>) -> Ticket {
    assert!(core.gate.try_enter());
    Ticket::new(core, peer, None, true)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(20)
}

fn late() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// What a wait came back with that didn't last until [`late`].
fn promptly<R>(wait: impl FnOnce(Instant) -> R) -> R {
    let until = late();
    let result = wait(until);
    assert!(Instant::now() < until, "it was over long before");
    result
}

#[test]
fn one_loop_at_a_time_and_none_after_the_close() {
    let core = core();
    let serving = core.begin_serving().unwrap().unwrap();
    assert!(core.is_serving());
    assert!(matches!(core.begin_serving(), Err(ServerError::AlreadyServing { .. })));
    drop(serving);
    assert!(!core.is_serving());
    core.close();
    assert!(matches!(core.begin_serving(), Err(ServerError::Closed)));
    assert!(matches!(core.begin_handling(), Err(ServerError::Closed)));
}

#[test]
fn a_stop_is_remembered_by_a_server_that_never_served_and_by_no_other() {
    let core = core();
    core.request_stop(Some(late()));
    assert!(core.is_stopping() && core.is_draining());
    assert!(core.begin_serving().unwrap().is_none());
    assert!(!core.is_stopping());
    core.request_stop(None);
    assert!(!core.is_stopping() && core.is_draining(), "there is nothing to stop");
    let serving = core.begin_serving().unwrap().expect("nor is there now");
    assert!(!core.is_draining() && core.drain_until().is_none(), "it begins anew");
    let until = late();
    core.request_stop(Some(until));
    core.request_stop(None);
    assert!(core.is_stopping());
    assert_eq!(core.drain_until(), Some(until), "a stop without an end leaves that of the one before");
    drop(serving);
    assert!(!core.is_stopping());
}

#[test]
fn a_stop_ends_a_single_request_and_only_it() {
    let core = core();
    drop(core.begin_serving().unwrap());
    let (first, second) = (core.begin_handling().unwrap(), core.begin_handling().unwrap());
    core.request_stop(None);
    assert!(core.is_stopping());
    drop(first);
    assert!(core.is_stopping(), "the other hasn't ended");
    drop(second);
    assert!(!core.is_stopping());
    drop(core.begin_handling().unwrap());
    assert!(!core.is_draining());
}

#[test]
fn a_child_stops_nothing() {
    let core = core();
    core.enter_child(None);
    core.request_stop(None);
    assert!(!core.is_stopping() && !core.is_draining());
}

#[test]
fn waits_say_whether_it_has_come_to_that() {
    let core = core();
    let serving = core.begin_serving().unwrap().unwrap();
    let ticket = request(&core);
    let run = core.request_stop(None);
    assert!(!core.wait_until_idle(run, soon()), "a loop and a request");
    assert!(!core.wait_until_drained(soon()));
    assert!(!core.wait_for(soon(), |active| active == 0));
    drop(serving);
    core.wait_until_stopped(run);
    assert!(!core.wait_until_idle(run, soon()), "a request");
    thread::scope(|scope| {
        let waits = [
            scope.spawn(|| core.wait_until_idle(run, late())),
            scope.spawn(|| core.wait_until_drained(late())),
            scope.spawn(|| core.wait_for(late(), |active| active == 0)),
        ];
        drop(ticket);
        for wait in waits {
            assert!(wait.join().unwrap());
        }
    });
    assert!(core.wait_until_idle(run, soon()) && core.wait_until_drained(soon()));
}

#[test]
fn who_has_no_place_is_waited_for_too() {
    let core = core();
    let run = core.request_stop(None);
    let turned_away = Ticket::new(&core, peer, None, false);
    thread::scope(|scope| {
        let wait = scope.spawn(|| core.wait_until_idle(run, late()));
        assert!(goes_on(&wait));
        drop(turned_away);
        assert!(wait.join().unwrap());
    });
}

#[test]
fn who_waits_for_the_loop_before_isnt_held_up_by_this_one() {
    let core = core();
    let serving = core.begin_serving().unwrap();
    let run = core.request_stop(None);
    drop(serving);
    let _next = core.begin_serving().unwrap().unwrap();
    core.wait_until_stopped(run);
    assert!(core.wait_until_idle(run, late()));
}

#[test]
fn the_alarm_is_told_at_nine_tenths_of_a_limit_of_ten_or_more() {
    let high = |limit, at, inside: &[u64]| {
        let (core, alarms) = with(limit, at, Duration::ZERO);
        for inside in inside {
            thread::sleep(Duration::from_millis(2)); // it isn't told twice in a millisecond
            core.alarm.look(&core, *inside);
        }
        alarms.0.lock().split_off(0)
    };
    assert_eq!(high(Limit::backlog(10), None, &[8, 9, 10]), [(9, Some(10)), (10, Some(10))]);
    assert_eq!(high(Limit::backlog(40), None, &[35, 36]), [(36, Some(40))]);
    assert_eq!(high(Limit::backlog(9), None, &[8, 9]), []);
    assert_eq!(high(Limit::none(), None, &[1 << 20]), []);
    assert_eq!(high(Limit::none(), Some(3), &[2, 3]), [(3, None)]);
    let (core, alarms) = with(Limit::none(), Some(3), Duration::MAX);
    (3..6).for_each(|inside| core.alarm.look(&core, inside));
    assert_eq!(*alarms.0.lock(), [(3, None)], "and then it is quiet");
}
