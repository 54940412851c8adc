use proptest::prelude::*;
use socketserver_auth::Throttle;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn memory_is_bounded_and_the_longest_silent_is_forgotten_first() {
    let throttle = Throttle::new().capacity(100);
    let now = Instant::now();
    for peer in 0..100 {
        throttle.begin(&peer, now).unwrap().failed(now);
    }
    // Peer 0 is heard of again, so peer 1 is the one to go.
    throttle.begin(&0, now).unwrap().failed(now);
    throttle.begin(&1000, now).unwrap().failed(now);
    assert_eq!(throttle.tracked(), 100);
    assert_eq!(throttle.failures(&0, now), 2);
    assert_eq!(throttle.failures(&1, now), 0);
    for peer in 0..100_000 {
        throttle.begin(&peer, now).unwrap().failed(now);
    }
    assert_eq!(throttle.tracked(), 100);
    assert_eq!(throttle.total_failed(), 100_102);
}

#[test]
fn peers_that_pass_leave_nothing_behind() {
    let throttle = Throttle::new();
    let now = Instant::now();
    for peer in 0..1000 {
        throttle.begin(&peer, now).unwrap().succeeded();
        throttle.begin(&peer, now).unwrap().cancelled();
    }
    assert_eq!(throttle.tracked(), 0);
}

#[test]
fn it_may_be_shared_by_all_handlers() {
    let throttle = Arc::new(Throttle::new().refuse_at(u32::MAX));
    let now = Instant::now();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let throttle = Arc::clone(&throttle);
            thread::spawn(move || {
                for _ in 0..500 {
                    throttle.begin(&"peer", now).unwrap().failed(now);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(throttle.failures(&"peer", now), 2000);
    assert_eq!(throttle.total_failed(), 2000);
}

/// What may happen, to one of a few peers, after some time.
#[derive(Clone, Debug)]
enum Event {
    Begin(u8),
    Fail(usize),
    Succeed(usize),
    Cancel(usize),
    Drop(usize),
}

fn event() -> impl Strategy<Value = (i32, Event)> {
    let index = any::<usize>;
    let event = prop_oneof![
        (0..6_u8).prop_map(Event::Begin),
        (0..6_u8).prop_map(Event::Begin),
        index().prop_map(Event::Fail),
        index().prop_map(Event::Succeed),
        index().prop_map(Event::Cancel),
        index().prop_map(Event::Drop),
    ];
    // Now and then the clocks of two threads disagree.
    (-5..200_i32, event)
}

proptest! {
    #[test]
    fn in_any_order_of_events_the_bounds_hold(events in prop::collection::vec(event(), 0..200)) {
        let throttle = Throttle::new().capacity(4).refuse_at(6).max_under_way(5).longest_delay(Duration::from_secs(1));
        let mut now = Instant::now() + Duration::from_secs(3600);
        let mut attempts = Vec::new();
        for (seconds, event) in events {
            let step = Duration::from_secs(u64::from(seconds.unsigned_abs()));
            now = if seconds < 0 { now - step } else { now + step };
            let mut pick = |index: usize| {
                let count = attempts.len();
                (count > 0).then(|| attempts.swap_remove(index % count))
            };
            match event {
                Event::Begin(peer) => attempts.extend(throttle.begin(&peer, now)),
                Event::Fail(index) => drop(pick(index).map(|attempt| attempt.failed(now))),
                Event::Succeed(index) => drop(pick(index).map(|attempt| attempt.succeeded())),
                Event::Cancel(index) => drop(pick(index).map(|attempt| attempt.cancelled())),
                Event::Drop(index) => drop(pick(index)),
            }
            prop_assert!(throttle.tracked() <= 4);
            for peer in 0..6 {
                prop_assert!(throttle.failures(&peer, now) <= 6);
            }
            prop_assert!(attempts.iter().all(|attempt| attempt.delay() <= Duration::from_secs(1)));
        }
    }
}
