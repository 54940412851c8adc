//! When a pool grows, shrinks, queues and ends, without any threads.

use super::{Alarm, Begun, Crew, Next, QueueLimit, TakenIn};
use std::time::{Duration, Instant};

fn crew(min: usize, max: usize, queue_limit: Option<usize>) -> Crew<&'static str> {
    let mut crew =
        Crew::new(min, max, QueueLimit::new(queue_limit), Alarm::new(Some(Duration::from_secs(1))));
    (0..min).for_each(|_| crew.hire(false));
    crew
}

const ACCEPT: Next<&str> = Next::Accept { may_retire: true };

#[test]
fn grows_when_the_last_free_worker_takes_a_request_and_not_beyond_max() {
    let mut crew = crew(1, 3, None);
    assert_eq!(crew.begin(Instant::now), Begun::Grow);
    assert_eq!(crew.begin(Instant::now), Begun::Grow);
    assert_eq!(crew.begin(Instant::now), Begun::Look, "to set the alarm");
    assert_eq!((crew.busy(), crew.free()), (3, 0));
    assert_eq!(crew.finish(Instant::now), (ACCEPT, None));
    assert_eq!(crew.begin(Instant::now), Begun::Nothing, "the alarm is set");
}

#[test]
fn shrinks_to_min_and_keeps_one_that_accepts() {
    let mut crew = crew(1, 3, None);
    (0..3).for_each(|_| _ = crew.begin(Instant::now));
    assert_eq!(crew.finish(Instant::now).0, ACCEPT);
    assert!(!crew.retire(), "the others are busy");
    assert_eq!(crew.finish(Instant::now).0, ACCEPT);
    assert!(crew.retire());
    assert_eq!(crew.finish(Instant::now).0, ACCEPT);
    assert!(crew.retire());
    assert!(!crew.retire(), "min");
    assert_eq!((crew.busy(), crew.free()), (0, 1));
}

#[test]
fn waits_before_it_tries_to_grow_again_and_somebody_does_then() {
    let mut crew = crew(1, 2, None);
    let now = Instant::now();
    assert_eq!(crew.begin(|| now), Begun::Grow);
    crew.could_not_hire(false, now, Duration::from_millis(100));
    assert_eq!(crew.look_at(), Some(now + Duration::from_millis(100)));
    assert!(!crew.grow(now));
    assert!(crew.grow(now + Duration::from_millis(100)));
    assert_eq!((crew.busy(), crew.free()), (1, 1));
}

#[test]
fn a_queue_is_filled_only_while_all_are_busy_and_emptied_before_anybody_accepts() {
    let mut crew = crew(1, 1, Some(1));
    assert!(!crew.overflows());
    assert_eq!(crew.begin(Instant::now), Begun::Look);
    assert!(crew.overflows());
    assert_eq!(crew.take_in("a"), TakenIn::Queued);
    assert_eq!(crew.take_in("b"), TakenIn::Rejected("b"));
    assert_eq!(crew.finish(Instant::now), (Next::Serve("a"), None));
    crew.end();
    assert_eq!(crew.finish(Instant::now), (Next::Leave, None));
    assert_eq!((crew.busy(), crew.free()), (0, 0));
}

#[test]
fn a_limit_that_is_changed_holds_for_those_who_come_from_then_on() {
    let mut crew = crew(1, 1, None);
    let limit = crew.queue_limit.clone();
    let _ = crew.begin(Instant::now);
    assert!(!crew.overflows());
    limit.set(Some(2));
    assert!(crew.overflows());
    assert_eq!((crew.take_in("a"), crew.take_in("b")), (TakenIn::Queued, TakenIn::Queued));
    limit.set(Some(1));
    assert_eq!(crew.take_in("c"), TakenIn::Rejected("c"));
    assert_eq!(crew.finish(Instant::now).0, Next::Serve("a"));
    assert_eq!(crew.take_in("d"), TakenIn::Rejected("d"));
    limit.set(None);
    assert!(!crew.overflows());
    assert_eq!(crew.take_in("e"), TakenIn::Queued, "it was on its way");
    assert_eq!(crew.finish(Instant::now).0, Next::Serve("b"));
    assert_eq!(crew.finish(Instant::now).0, Next::Serve("e"));
    assert_eq!(crew.finish(Instant::now).0, Next::Accept { may_retire: false });
}

#[test]
fn a_request_that_came_too_late_for_the_queue_gets_a_worker_that_leaves_again() {
    let mut crew = crew(1, 1, Some(1));
    assert_eq!(crew.take_in("late"), TakenIn::Serve("late"));
    assert_eq!((crew.busy(), crew.free()), (1, 1));
    assert_eq!(crew.finish(Instant::now), (Next::Leave, None));
    assert_eq!((crew.busy(), crew.free()), (0, 1));
}

/// It was on its way while the others heard of the stop.
#[test]
fn a_request_that_comes_when_all_have_left_gets_a_worker() {
    let mut crew = crew(1, 1, Some(1));
    let _ = crew.begin(Instant::now);
    assert_eq!(crew.finish(Instant::now).0, Next::Accept { may_retire: false });
    crew.quit(false);
    assert_eq!(crew.take_in("late"), TakenIn::Serve("late"));
    crew.end();
    assert_eq!(crew.finish(Instant::now).0, Next::Leave);
}

#[test]
fn what_is_queued_at_the_end_is_still_served() {
    let mut crew = crew(1, 1, Some(2));
    let _ = crew.begin(Instant::now);
    let _ = (crew.take_in("a"), crew.take_in("b"));
    crew.end();
    assert!(!crew.overflows());
    assert_eq!(crew.finish(Instant::now).0, Next::Serve("a"));
    assert_eq!(crew.finish(Instant::now).0, Next::Serve("b"));
    assert_eq!(crew.finish(Instant::now).0, Next::Leave);
}
