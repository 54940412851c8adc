//! Says that the limit of connections is near: once, and not again for a while.

use crate::{Event, core::Core};
use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::{Duration, Instant},
};

/// Costs a request one look at a number while there are fewer than that.
#[derive(Debug)]
pub(crate) struct Alarm {
    /// From so many on; `None` is nine tenths of a limit that is at least ten.
    at: Option<usize>,
    cool_down: Duration,
    since: Instant,
    /// Milliseconds since then before which it is quiet.
    quiet_until: AtomicU64,
}

impl Alarm {
    pub(crate) fn new(at: Option<usize>, cool_down: Duration) -> Self {
        Alarm { at, cool_down, since: Instant::now(), quiet_until: AtomicU64::new(0) }
    }

    /// There are so many inside now.
    pub(crate) fn look(&self, core: &Core, inside: u64) {
        let limit = core.gate.limit().max();
        let by_limit = || limit.filter(|max| *max >= 10).map(|max| max - max / 10);
        let active = usize::try_from(inside).unwrap_or(usize::MAX);
        if self.at.or_else(by_limit).is_some_and(|at| active >= at) && self.may_speak(self.since.elapsed()) {
            core.emit(&Event::ConnectionsHigh { active, limit });
        }
    }

    /// One of those who ask at the same time may.
    fn may_speak(&self, now: Duration) -> bool {
        let now_ms = millis(now);
        let next = millis(now.saturating_add(self.cool_down)).max(now_ms + 1);
        self.quiet_until.try_update(SeqCst, SeqCst, |quiet| (quiet <= now_ms).then_some(next)).is_ok()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX - 1).min(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_once_in_each_cool_down() {
        let alarm = Alarm::new(Some(3), Duration::from_secs(10));
        let spoken: Vec<_> = (0..40).filter(|s| alarm.may_speak(Duration::from_secs(*s))).collect();
        assert_eq!(spoken, [0, 10, 20, 30]);

        let eager = Alarm::new(Some(3), Duration::ZERO);
        let now = Duration::from_millis(5);
        assert!(eager.may_speak(now) && !eager.may_speak(now), "not twice in a millisecond");
    }
}
