//! What a server took and counted, over time, and whether that stays flat.

use reliability::{Counts, Program, descriptors, resident, threads};
use std::time::Duration;

/// At one moment.
pub(crate) struct Sample {
    pub(crate) at: Duration,
    /// In KiB, with children, though they share much of it.
    pub(crate) memory: f64,
    /// Of the server and of the child that has most: how many children there are is another matter, and chance.
    pub(crate) descriptors: f64,
    pub(crate) threads: f64,
    pub(crate) counts: Counts,
    /// Requests that have ended, each second since the sample before.
    pub(crate) rate: f64,
}

impl Sample {
    pub(crate) fn take(server: &Program, at: Duration, before: Option<&Sample>) -> Self {
        let pids: Vec<_> = [server.pid].into_iter().chain(server.children()).collect();
        let sum = |of: fn(u32) -> usize| pids.iter().map(|pid| of(*pid) as f64).sum();
        let most_of_a_child = pids[1..].iter().map(|pid| descriptors(*pid)).max().unwrap_or_default();
        let counts = server.counts();
        let (since, ended_before) = before.map_or((Duration::ZERO, 0), |it| (it.at, it.counts.ended()));
        Sample {
            at,
            memory: sum(|pid| resident(pid) as usize / 1024),
            descriptors: (descriptors(server.pid) + most_of_a_child) as f64,
            threads: sum(threads),
            counts,
            rate: (counts.ended() - ended_before) as f64 / (at - since).as_secs_f64(),
        }
    }
}

/// What is looked at.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) of: fn(&Sample) -> f64,
    /// Whether it has stayed flat, by its medians in the second quarter and in the last.
    is_flat: fn(f64, f64) -> bool,
}

pub(crate) const MEASURES: [Measure; 5] = [
    Measure {
        name: "memory in RAM, with children, KiB",
        of: |it| it.memory,
        is_flat: |before, after| after <= (before * 1.15).max(before + 2048.0),
    },
    Measure {
        name: "descriptors, with a child's",
        of: |it| it.descriptors,
        is_flat: |before, after| after <= (before * 1.25).max(before + 10.0),
    },
    Measure {
        name: "threads, with children",
        of: |it| it.threads,
        is_flat: |before, after| after <= (before * 1.25).max(before + 5.0),
    },
    Measure {
        name: "requests in progress, as counted",
        of: |it| it.counts.active as f64,
        is_flat: |before, after| after <= before + 3.0, // there are four clients
    },
    Measure {
        name: "requests ended each second, as counted",
        of: |it| it.rate,
        is_flat: |before, after| after >= before / 2.0, // it isn't alone on the machine
    },
];

pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) samples: Vec<Sample>,
}

impl Series {
    pub(crate) fn new(name: &'static str) -> Self {
        Series { name, samples: Vec::new() }
    }

    pub(crate) fn look(&mut self, server: &Program, at: Duration) {
        let sample = Sample::take(server, at, self.samples.last());
        let counts = sample.counts;
        assert_eq!(counts.accepted, counts.ended() + counts.active, "{}: {counts:?}", self.name);
        self.samples.push(sample);
    }

    /// The samples of the second quarter (in the first a server warms up) and of the last.
    fn quarters(&self) -> [&[Sample]; 2] {
        let quarter = self.samples.len() / 4;
        [&self.samples[quarter..2 * quarter], &self.samples[3 * quarter..]]
    }

    fn trend(&self, of: fn(&Sample) -> f64) -> [f64; 2] {
        self.quarters().map(|samples| {
            let mut values: Vec<_> = samples.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or_default()
        })
    }

    pub(crate) fn is_flat(&self) -> bool {
        MEASURES.iter().all(|measure| {
            let [before, after] = self.trend(measure.of);
            (measure.is_flat)(before, after)
        })
    }

    pub(crate) fn verdict(&self) -> String {
        let all = MEASURES.iter().map(|Measure { name, of, is_flat }| {
            let [before, after] = self.trend(*of);
            let flat = if is_flat(before, after) { "" } else { " (NOT FLAT)" };
            format!("{name}: {before:.0} … {after:.0}{flat}")
        });
        all.collect::<Vec<_>>().join("; ")
    }
}
