//! How long requests took.

use std::time::Duration;

/// The times of many requests.
#[derive(Debug, Default)]
pub struct Latency {
    /// In microseconds.
    all: Vec<u32>,
}

impl Latency {
    /// Adds a request.
    pub fn record(&mut self, time: Duration) {
        self.all.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    /// Adds all of another's.
    pub fn add(&mut self, mut other: Latency) {
        self.all.append(&mut other.all);
    }

    /// In milliseconds; 0 if nothing was recorded.
    pub fn percentiles<const N: usize>(&mut self, shares: [f64; N]) -> [f64; N] {
        self.all.sort_unstable();
        let last = self.all.len().saturating_sub(1) as f64;
        shares.map(|share| f64::from(*self.all.get((last * share) as usize).unwrap_or(&0)) / 1e3)
    }
}
