use socketserver_auth::{Throttle, peer_network};
use std::net::IpAddr;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Fails so often at once.
fn fail(throttle: &Throttle<&'static str>, peer: &'static str, times: u32, now: Instant) {
    for _ in 0..times {
        throttle.begin(&peer, now).unwrap().failed(now);
    }
}

fn delay(throttle: &Throttle<&'static str>, peer: &'static str, now: Instant) -> Duration {
    let attempt = throttle.begin(&peer, now).unwrap();
    let delay = attempt.delay();
    attempt.cancelled();
    delay
}

#[test]
fn delays_begin_after_the_free_failures_double_and_stop_growing() {
    let throttle = Throttle::new().free_failures(2).first_delay(100 * MS).longest_delay(SECOND);
    let now = Instant::now();
    let delays: Vec<_> = (0..9)
        .map(|_| {
            let attempt = throttle.begin(&"peer", now).unwrap();
            let delay = attempt.delay().as_millis();
            attempt.failed(now);
            delay
        })
        .collect();
    assert_eq!(delays, [0, 0, 0, 100, 200, 400, 800, 1000, 1000]);
}

#[test]
fn one_peers_failures_are_not_anothers() {
    let throttle = Throttle::new();
    let now = Instant::now();
    fail(&throttle, "guesser", 10, now);
    assert_eq!(delay(&throttle, "honest", now), Duration::ZERO);
    assert!(delay(&throttle, "guesser", now) > Duration::ZERO);
    assert_eq!((throttle.failures(&"guesser", now), throttle.failures(&"honest", now)), (10, 0));
}

#[test]
fn too_many_failures_refuse_until_one_is_forgiven() {
    let throttle = Throttle::new().refuse_at(5).forgive_after(60 * SECOND);
    let now = Instant::now();
    fail(&throttle, "peer", 5, now);
    assert_eq!(throttle.begin(&"peer", now + 20 * SECOND).unwrap_err().retry_after, 40 * SECOND);
    assert_eq!(throttle.total_refused(), 1);

    let later = now + 60 * SECOND;
    throttle.begin(&"peer", later).unwrap().failed(later);
    assert!(throttle.begin(&"peer", later).is_err(), "one more failure, and it waits again");
}

#[test]
fn time_forgives_one_failure_after_another() {
    let throttle = Throttle::new().forgive_after(60 * SECOND);
    let now = Instant::now();
    fail(&throttle, "peer", 4, now);
    let left: Vec<_> =
        [0, 59, 60, 119, 120, 240, 100_000].map(|s| throttle.failures(&"peer", now + s * SECOND)).into();
    assert_eq!(left, [4, 4, 3, 3, 2, 0, 0]);
}

#[test]
fn success_forgives_everything_and_forgets_the_peer() {
    let throttle = Throttle::new();
    let now = Instant::now();
    fail(&throttle, "peer", 10, now);
    throttle.begin(&"peer", now).unwrap().succeeded();
    assert_eq!(throttle.failures(&"peer", now), 0);
    assert_eq!(throttle.tracked(), 0);
    assert_eq!(throttle.total_failed(), 10, "but the count stays");
}

#[test]
fn an_attempt_that_is_dropped_has_failed() {
    let throttle = Throttle::new();
    let now = Instant::now();
    drop(throttle.begin(&"peer", now).unwrap());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _attempt = throttle.begin(&"peer", now).unwrap();
        panic!("in the handler");
    }));
    assert!(panicked.is_err());
    assert_eq!(throttle.failures(&"peer", now), 2);
}

#[test]
fn guessing_in_parallel_gains_nothing() {
    let throttle = Throttle::new().free_failures(1).first_delay(100 * MS).longest_delay(SECOND);
    let now = Instant::now();
    fail(&throttle, "peer", 1, now);
    let attempts: Vec<_> = (0..5).map(|_| throttle.begin(&"peer", now).unwrap()).collect();
    let delays: Vec<_> = attempts.iter().map(|attempt| attempt.delay().as_millis()).collect();
    assert_eq!(delays, [0, 100, 200, 400, 800]);
}

#[test]
fn a_busy_peer_that_never_failed_is_not_slowed_but_has_a_limit() {
    let throttle = Throttle::new().max_under_way(50);
    let now = Instant::now();
    let attempts: Vec<_> = (0..50).map(|_| throttle.begin(&"peer", now).unwrap()).collect();
    assert!(attempts.iter().all(|attempt| attempt.delay().is_zero()));
    assert!(throttle.begin(&"peer", now).is_err());
    attempts.into_iter().for_each(|attempt| attempt.succeeded());
    assert!(throttle.begin(&"peer", now).is_ok());
}

#[test]
fn networks_are_peers() {
    let throttle = Throttle::new();
    let now = Instant::now();
    let network = |text: &str| peer_network(text.parse::<IpAddr>().unwrap());
    throttle.begin(&network("2001:db8::1"), now).unwrap().failed(now);
    assert_eq!(throttle.failures(&network("2001:db8::ffff"), now), 1);
    assert_eq!(throttle.failures(&network("2001:db8:0:1::1"), now), 0);
}

#[test]
fn settings_of_zero_mean_the_least_that_makes_sense() {
    let throttle = Throttle::new()
        .free_failures(0)
        .refuse_at(0)
        .capacity(0)
        .max_under_way(0)
        .forgive_after(Duration::ZERO)
        .longest_delay(Duration::ZERO);
    let now = Instant::now();
    throttle.begin(&"peer", now).unwrap().failed(now);
    assert!(throttle.begin(&"peer", now).is_err());
    assert!(throttle.begin(&"peer", now + SECOND).is_ok());
    assert!(throttle.tracked() <= 1);
}
