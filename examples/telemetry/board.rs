//! A recorder for `metrics` that keeps numbers and shows them as text. A program would install an exporter instead.

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// Clones share what is on it.
#[derive(Clone, Default)]
pub(crate) struct Board(Arc<Mutex<BTreeMap<String, Shown>>>);

#[derive(Clone)]
enum Shown {
    Counter(Arc<AtomicU64>),
    Gauge(Arc<AtomicU64>),
    Histogram(Arc<Values>),
}

/// How many values there were, and their sum.
#[derive(Default)]
struct Values(Mutex<(u64, f64)>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        let (count, sum) = &mut *self.0.lock();
        *count += 1;
        *sum += value;
    }
}

impl Board {
    fn show(&self, key: &Key, shown: &Shown) {
        let labels: Vec<_> = key.labels().map(|it| format!("{}={:?}", it.key(), it.value())).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.lock().insert(format!("{}{labels}", key.name()), shown.clone());
    }
}

impl Recorder for Board {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let counter = Arc::new(AtomicU64::new(0));
        self.show(key, &Shown::Counter(counter.clone()));
        Counter::from_arc(counter)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let gauge = Arc::new(AtomicU64::new(0));
        self.show(key, &Shown::Gauge(gauge.clone()));
        Gauge::from_arc(gauge)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let values = Arc::new(Values::default());
        self.show(key, &Shown::Histogram(values.clone()));
        Histogram::from_arc(values)
    }
}

/// A line for each number that isn't zero: `NAME{LABELS} VALUE`.
impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (name, shown) in &*self.0.lock() {
            match shown {
                Shown::Counter(counter) => match counter.load(SeqCst) {
                    0 => {}
                    count => writeln!(text, "{name} {count}")?,
                },
                Shown::Gauge(gauge) => match f64::from_bits(gauge.load(SeqCst)) {
                    0.0 => {}
                    value => writeln!(text, "{name} {value}")?,
                },
                Shown::Histogram(values) => match *values.0.lock() {
                    (0, _) => {}
                    (count, sum) => writeln!(text, "{name}_count {count}\n{name}_sum {sum:.6}")?,
                },
            }
        }
        f.write_str(&text)
    }
}
