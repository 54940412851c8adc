//! How long to wait before the next process is forked, when processes end too soon.

use std::time::{Duration, Instant};

/// A process that has lived for so long has done its work; its end is no reason to be careful.
const LONG_ENOUGH: Duration = Duration::from_secs(10);
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);

/// The first that ends too soon is replaced at once, the next after 100 ms, then 200 ms and so on, up to 30 s.
#[derive(Debug, Default)]
pub(crate) struct BackOff {
    failures: u32,
    until: Option<Instant>,
}

impl BackOff {
    /// A process has ended that should not have. Gives how long to wait.
    pub(crate) fn died(&mut self, lived: Duration, now: Instant) -> Duration {
        if lived >= LONG_ENOUGH {
            *self = BackOff::default();
            return Duration::ZERO;
        }
        self.failures += 1;
        match self.failures {
            1 => Duration::ZERO,
            n => self.pause(n - 2, now),
        }
    }

    /// None could be forked. Gives how long to wait.
    pub(crate) fn could_not_fork(&mut self, now: Instant) -> Duration {
        self.failures += 1;
        self.pause(self.failures - 1, now)
    }

    fn pause(&mut self, doublings: u32, now: Instant) -> Duration {
        let wait = FIRST.saturating_mul(1 << doublings.min(16)).min(LONGEST);
        self.until = now.checked_add(wait);
        wait
    }

    /// When the next may be forked, if not now.
    pub(crate) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_until_one_has_lived_long_enough() {
        let (mut back_off, now) = (BackOff::default(), Instant::now());
        let soon = Duration::from_secs(1);
        let waits: Vec<_> = (0..12).map(|_| back_off.died(soon, now).as_millis()).collect();
        assert_eq!(waits, [0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
        assert_eq!(back_off.until(now), Some(now + LONGEST));
        assert_eq!(back_off.until(now + LONGEST), None);

        assert_eq!(back_off.died(LONG_ENOUGH, now), Duration::ZERO);
        assert_eq!(back_off.until(now), None);
        assert_eq!(back_off.died(soon, now), Duration::ZERO);
    }

    #[test]
    fn a_fork_that_fails_is_not_tried_again_at_once() {
        let (mut back_off, now) = (BackOff::default(), Instant::now());
        assert_eq!(back_off.could_not_fork(now), FIRST);
        assert_eq!(back_off.could_not_fork(now), FIRST * 2);
        assert_eq!(back_off.until(now), Some(now + FIRST * 2));
    }
}
