//! What a server took, over time, and whether that grows.

use reliability::{Program, descriptors, resident, threads};
use std::time::Duration;

/// At one moment.
pub(crate) struct Sample {
    pub(crate) at: Duration,
    /// In KiB, with children, though they share much of it.
    pub(crate) memory: f64,
    pub(crate) descriptors: f64,
    pub(crate) threads: f64,
}

impl Sample {
    pub(crate) fn take(server: &Program, at: Duration) -> Self {
        let pids: Vec<_> = [server.pid].into_iter().chain(server.children()).collect();
        let sum = |of: fn(u32) -> usize| pids.iter().map(|pid| of(*pid) as f64).sum();
        Sample {
            at,
            memory: sum(|pid| resident(pid) as usize / 1024),
            descriptors: sum(descriptors),
            threads: sum(threads),
        }
    }
}

/// A measure's name, how it is read off a sample, and what more of it at the end is no growth: a share, and a number.
pub(crate) type Measure = (&'static str, fn(&Sample) -> f64, f64, f64);

pub(crate) const MEASURES: [Measure; 3] = [
    ("memory in RAM, with children, KiB", |it| it.memory, 1.15, 2048.0),
    ("descriptors, with children", |it| it.descriptors, 1.5, 20.0),
    ("threads, with children", |it| it.threads, 1.5, 10.0),
];

pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) samples: Vec<Sample>,
}

impl Series {
    pub(crate) fn new(name: &'static str) -> Self {
        Series { name, samples: Vec::new() }
    }

    /// The medians of the second quarter (in the first a server warms up) and of the last.
    fn trend(&self, of: fn(&Sample) -> f64) -> (f64, f64) {
        let quarter = self.samples.len() / 4;
        let median = |from: usize, to: usize| {
            let mut values: Vec<_> = self.samples.get(from..to).unwrap_or_default().iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        (median(quarter, 2 * quarter), median(3 * quarter, self.samples.len()))
    }

    pub(crate) fn is_flat(&self) -> bool {
        MEASURES.iter().all(|(_, of, share, number)| {
            let (before, after) = self.trend(*of);
            after <= (before * share).max(before + number)
        })
    }

    pub(crate) fn verdict(&self) -> String {
        let all = MEASURES.iter().map(|(name, of, ..)| {
            let (before, after) = self.trend(*of);
            format!("{name}: {before} … {after}")
        });
        all.collect::<Vec<_>>().join("; ")
    }
}
