//! The numbers, and the one rule that follows from them alone.

use std::time::Duration;

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) free_failures: u32,
    pub(super) first_delay: Duration,
    pub(super) longest_delay: Duration,
    pub(super) refuse_at: u32,
    pub(super) max_under_way: u32,
    pub(super) forgive_after: Duration,
    pub(super) capacity: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            free_failures: 3,
            first_delay: Duration::from_millis(100),
            longest_delay: Duration::from_secs(5),
            refuse_at: 20,
            max_under_way: 64,
            forgive_after: Duration::from_secs(60),
            capacity: 10_000,
        }
    }
}

impl Settings {
    /// The delay before an attempt of a peer with so many failures.
    pub(super) fn delay(&self, failures: u32) -> Duration {
        match failures.saturating_sub(self.free_failures) {
            0 => Duration::ZERO,
            punished => {
                let doublings = 2_u32.saturating_pow(punished - 1);
                self.first_delay.saturating_mul(doublings).min(self.longest_delay)
            }
        }
    }
}
