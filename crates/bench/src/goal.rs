//! What a case is expected to show: a ratio between one of ours and a peer, taken in the same round.

use crate::{load::Sample, peers::label};
use std::collections::HashMap;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Requests per second: the more the better.
    Rate,
    /// The server's CPU time per request: the less the better.
    Cpu,
    /// The time within which 99.9 % are answered: the less the better.
    P999,
}

/// An expectation.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// What is compared.
    pub quantity: Quantity,
    /// Ours; of several, the one with the best median rate.
    pub ours: &'static [&'static str],
    /// What it is compared with.
    pub peer: &'static str,
    /// The ratio that is to be reached.
    pub reach: Option<f64>,
    /// The ratio that would be better still.
    pub stretch: Option<f64>,
}

/// The samples of a case, by server; one for each round.
pub type Samples = HashMap<&'static str, Vec<Sample>>;

impl Quantity {
    fn of(self, sample: &Sample) -> f64 {
        match self {
            Quantity::Rate => sample.rate,
            Quantity::Cpu => sample.cpu,
            Quantity::P999 => sample.latency[2],
        }
    }

    fn holds(self, ratio: f64, bound: f64) -> bool {
        // As it is printed.
        let ratio = (ratio * 100.0).round() / 100.0;
        if self == Quantity::Rate { ratio >= bound } else { ratio <= bound }
    }

    fn bound(self, bound: Option<f64>) -> String {
        let sign = if self == Quantity::Rate { "≥" } else { "≤" };
        bound.map_or("–".into(), |bound| format!("{sign} {bound:.2}"))
    }

    fn name(self) -> &'static str {
        match self {
            Quantity::Rate => "rate",
            Quantity::Cpu => "CPU per request",
            Quantity::P999 => "p99.9",
        }
    }
}

impl Goal {
    /// A row of the table of goals: what, reach, stretch, measured, verdict. `None` if one of the two was not measured.
    pub fn row(&self, samples: &Samples) -> Option<Vec<String>> {
        let rate =
            |name: &&&str| samples.get(**name).map_or(0.0, |all| spread(all.iter().map(|it| it.rate)).1);
        let ours = *self.ours.iter().max_by(|a, b| rate(a).total_cmp(&rate(b)))?;
        let quantity = self.quantity;
        let pairs = samples.get(ours)?.iter().zip(samples.get(self.peer)?);
        let ratios = pairs.map(|(ours, peer)| quantity.of(ours) / quantity.of(peer).max(1e-9));
        let (low, median, high) = spread(ratios);
        let reaches = |bound: Option<f64>| bound.map(|bound| quantity.holds(median, bound));
        let verdict = match (reaches(self.reach), reaches(self.stretch)) {
            (Some(false), _) => "**not reached**",
            (_, Some(true)) => "stretch reached",
            (Some(true), _) => "reached",
            (None, _) => "stretch not reached",
        };
        Some(vec![
            format!("{}: {} ÷ {}", quantity.name(), label(ours), label(self.peer)),
            quantity.bound(self.reach),
            quantity.bound(self.stretch),
            format!("{median:.2} ({low:.2} – {high:.2})"),
            verdict.into(),
        ])
    }
}

/// The least, the median and the greatest.
pub fn spread(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut all: Vec<_> = values.collect();
    all.sort_unstable_by(f64::total_cmp);
    let n = all.len();
    let median = match n {
        0 => return (0.0, 0.0, 0.0),
        _ if n % 2 == 1 => all[n / 2],
        _ => (all[n / 2 - 1] + all[n / 2]) / 2.0,
    };
    (all[0], median, all[n - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Memory;

    fn sample(rate: f64) -> Sample {
        Sample { rate, cpu: 1.0 / rate, load: 0.5, latency: [1.0; 3], lost: 0.0, memory: Memory::default() }
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let samples = Samples::from([
            ("reactor", vec![sample(10.0), sample(20.0), sample(60.0)]),
            ("tokio", vec![sample(5.0), sample(20.0), sample(20.0)]),
        ]);
        let goal = |quantity, reach| Goal {
            quantity,
            ours: &["threading", "reactor"],
            peer: "tokio",
            reach: Some(reach),
            stretch: None,
        };
        let row = |quantity, reach| goal(quantity, reach).row(&samples).expect("both are there");
        assert_eq!(row(Quantity::Rate, 2.0)[3..], ["2.00 (1.00 – 3.00)", "reached"]);
        assert_eq!(row(Quantity::Rate, 2.1)[4], "**not reached**");
        assert_eq!(row(Quantity::Cpu, 0.5)[4], "reached");
        assert_eq!(row(Quantity::Cpu, 0.4)[4], "**not reached**");
        assert!(Goal { peer: "c-udp", ..goal(Quantity::Rate, 1.0) }.row(&samples).is_none());
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(spread([4.0, 1.0, 2.0, 3.0].into_iter()), (1.0, 2.5, 4.0));
        assert_eq!(spread(std::iter::empty()), (0.0, 0.0, 0.0));
    }
}
