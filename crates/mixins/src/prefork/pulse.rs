//! Whether a process's loop still comes round.

use std::time::{Duration, Instant};

/// How many looks a stretch of silence is made of at least.
const LOOKS: u32 = 4;

/// Adds up how long a process has shown no sign of life.
///
/// Between two looks no more counts than lies between two that are on time: after the whole group of processes was stopped
/// for an hour (Ctrl-Z, a debugger, a suspended machine) nobody has been silent for an hour.
#[derive(Debug)]
pub(crate) struct Pulse {
    beats: u64,
    silent_for: Duration,
    looked_at: Instant,
}

/// How often to look, and how often the process has to show itself.
pub(crate) fn interval(heartbeat: Duration) -> Duration {
    heartbeat / LOOKS
}

impl Pulse {
    pub(crate) fn new(now: Instant) -> Self {
        Pulse { beats: 0, silent_for: Duration::ZERO, looked_at: now }
    }

    /// Takes a look at how often the loop has come round, and whether it is where it can't. Gives how long it has been silent.
    pub(crate) fn look(&mut self, beats: u64, is_busy: bool, heartbeat: Duration, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.looked_at).min(interval(heartbeat));
        let lives = beats != self.beats || is_busy;
        self.silent_for = if lives { Duration::ZERO } else { self.silent_for + passed };
        self.beats = beats;
        self.looked_at = now;
        self.silent_for
    }

    pub(crate) fn next_look(&self, heartbeat: Duration) -> Option<Instant> {
        self.looked_at.checked_add(interval(heartbeat))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Duration = Duration::from_secs(60);

    #[test]
    fn silence_adds_up_and_a_beat_ends_it() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pulse = Pulse::new(start);
        assert_eq!(pulse.look(0, false, BEAT, at(15)), BEAT / 4);
        assert_eq!(pulse.look(0, false, BEAT, at(20)), Duration::from_secs(20));
        assert_eq!(pulse.look(1, false, BEAT, at(35)), Duration::ZERO);
        for (seconds, silent) in [(50, 15), (65, 30), (80, 45), (95, 60)] {
            assert_eq!(pulse.look(1, false, BEAT, at(seconds)), Duration::from_secs(silent));
        }
    }

    #[test]
    fn a_loop_that_is_in_a_request_is_not_silent() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        assert_eq!(pulse.look(0, true, BEAT, start + BEAT), Duration::ZERO);
    }

    #[test]
    fn time_that_the_looking_process_has_slept_through_does_not_count() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        assert_eq!(pulse.look(0, false, BEAT, start + Duration::from_secs(3600)), BEAT / 4);
    }
}
