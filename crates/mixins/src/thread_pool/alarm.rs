//! When to say that all workers are busy: not at every short moment, and not only once.

use std::time::{Duration, Instant};

/// Follows the stretches of time in which no worker is free. It sets a time to look rather than being asked again and again, so
/// that a pool which is busy for a moment many times a second pays for one look a second at most.
#[derive(Debug)]
pub(crate) struct Alarm {
    /// How long a stretch lasts before it is told; `None` is never.
    after: Option<Duration>,
    busy_since: Option<Instant>,
    /// When this stretch is to be told next, and how long after that again.
    tell_at: Option<Instant>,
    step: Duration,
    has_told: bool,
    /// When to look next. Left as it is when a stretch ends, so that the next one need not set it.
    look_at: Option<Instant>,
    /// No other stretch is told before this.
    quiet_until: Option<Instant>,
}

/// A stretch is told again after one second, two, four … and this at the most.
const LONGEST_STEP: Duration = Duration::from_secs(60);
/// After a stretch was told, others are for so many times as long as one must last.
const COOL_DOWN: u32 = 10;

impl Alarm {
    pub(crate) fn new(after: Option<Duration>) -> Self {
        Alarm {
            after,
            busy_since: None,
            tell_at: None,
            step: Duration::ZERO,
            has_told: false,
            look_at: None,
            quiet_until: None,
        }
    }

    fn first_step(&self) -> Duration {
        self.after.unwrap_or_default().max(Duration::from_secs(1))
    }

    /// No worker is free (any more, or still). True if that sets a time to look.
    pub(crate) fn all_busy(&mut self, now: Instant) -> bool {
        if self.busy_since.is_none() {
            self.busy_since = Some(now);
            self.tell_at = self.after.and_then(|after| now.checked_add(after)).max(self.quiet_until);
            self.step = self.first_step();
        }
        let is_unset = self.look_at.is_none();
        if is_unset {
            self.look_at = self.tell_at;
        }
        is_unset && self.look_at.is_some()
    }

    /// A worker is free. Gives how long none was, if that was told.
    pub(crate) fn free(&mut self, now: Instant) -> Option<Duration> {
        let since = self.busy_since.take()?;
        std::mem::take(&mut self.has_told).then(|| now.saturating_duration_since(since))
    }

    pub(crate) fn look_at(&self) -> Option<Instant> {
        self.look_at
    }

    /// To be called when the time to look has come. Gives how long no worker has been free, if that is to be told now.
    pub(crate) fn look(&mut self, now: Instant) -> Option<Duration> {
        self.look_at = None;
        let (since, after) = (self.busy_since?, self.after?);
        let is_due = self.tell_at? <= now;
        if is_due {
            self.has_told = true;
            self.quiet_until = now.checked_add(after.saturating_mul(COOL_DOWN));
            self.tell_at = now.checked_add(self.step);
            self.step = (self.step * 2).min(LONGEST_STEP.max(self.first_step()));
        }
        self.look_at = self.tell_at;
        is_due.then(|| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(after: u64) -> (Alarm, Instant) {
        (Alarm::new(Some(Duration::from_secs(after))), Instant::now())
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// Looks whenever it says so, until `end`, and gives the seconds at which it told something.
    fn told(alarm: &mut Alarm, start: Instant, end: u64) -> Vec<u64> {
        let mut told = Vec::new();
        while let Some(time) = alarm.look_at().filter(|time| *time <= start + seconds(end)) {
            if let Some(for_how_long) = alarm.look(time) {
                assert_eq!(for_how_long, time - start);
                told.push(for_how_long.as_secs());
            }
        }
        told
    }

    #[test]
    fn a_long_stretch_is_told_ever_more_rarely_but_at_least_once_a_minute() {
        let (mut alarm, start) = alarm(1);
        assert!(alarm.all_busy(start));
        assert!(!alarm.all_busy(start), "the time to look is set");
        assert_eq!(told(&mut alarm, start, 250), [1, 2, 4, 8, 16, 32, 64, 124, 184, 244]);
        assert_eq!(alarm.free(start + seconds(251)), Some(seconds(251)));
        assert_eq!(alarm.free(start + seconds(252)), None, "it ends once");
    }

    #[test]
    fn short_stretches_set_one_time_to_look_and_are_not_told() {
        let (mut alarm, start) = alarm(1);
        let mut looks = 0;
        for i in 0..1000 {
            let now = start + Duration::from_millis(i * 10);
            if alarm.look_at().is_some_and(|time| time <= now) {
                assert_eq!(alarm.look(now), None);
                looks += 1;
            }
            alarm.all_busy(now);
            assert_eq!(alarm.free(now + Duration::from_millis(9)), None);
        }
        assert!(looks <= 10, "{looks} looks in 10 s");
    }

    #[test]
    fn stretches_that_follow_one_another_are_not_all_told() {
        let (mut alarm, start) = alarm(1);
        alarm.all_busy(start);
        assert_eq!(told(&mut alarm, start, 1), [1]);
        assert!(alarm.free(start + seconds(2)).is_some());

        let again = start + seconds(3);
        alarm.all_busy(again);
        let mut told = Vec::new();
        while let Some(time) = alarm.look_at().filter(|time| *time <= again + seconds(8)) {
            told.extend(alarm.look(time));
        }
        assert_eq!(told, [seconds(8)], "when the cool-down is over");
    }

    #[test]
    fn at_once_or_never_if_that_is_wanted() {
        let (mut eager, start) = alarm(0);
        assert!(eager.all_busy(start));
        assert_eq!(eager.look_at(), Some(start));
        assert_eq!(eager.look(start), Some(Duration::ZERO));

        let mut never = Alarm::new(None);
        assert!(!never.all_busy(start));
        assert_eq!(never.look_at(), None);
        assert_eq!(never.free(start), None);
    }
}
