//! The metrics themselves, asked for once.

use crate::Outcome;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, Unit};
use socketserver_net::Traffic;
use std::time::Duration;

pub(super) struct Instruments {
    pub(super) serving: Gauge,
    pub(super) connections: Spans,
    pub(super) requests: Spans,
    pub(super) accept_errors: Counter,
    pub(super) connections_high: Counter,
    pub(super) cut_off: Counter,
    pub(super) out_of_descriptors: Counter,
    pub(super) port_not_reopened: Counter,
    pub(super) hook_panics: Counter,
    pub(super) children_killed: Counter,
    pub(super) workers_started: Counter,
    /// Unexpectedly, expectedly.
    pub(super) workers_ended: [Counter; 2],
    pub(super) workers_lost: Counter,
    pub(super) workers_hung: Counter,
    pub(super) workers_not_started: Counter,
    pub(super) workers_all_busy: Gauge,
}

/// Of connections, or of requests.
pub(super) struct Spans {
    started: Counter,
    active: Gauge,
    ended: Vec<(Outcome, Counter)>,
    forced: Counter,
    duration: Histogram,
    received: Counter,
    sent: Counter,
}

impl Spans {
    pub(super) fn start(&self) {
        self.started.increment(1);
        self.active.increment(1.0);
    }

    pub(super) fn end(&self, outcome: Outcome, forced: bool, duration: Duration, traffic: Traffic) {
        let is_same = |it: &Outcome| it.name() == outcome.name() && it.reason() == outcome.reason();
        if let Some((_, counter)) = self.ended.iter().find(|(it, _)| is_same(it)) {
            counter.increment(1);
        }
        self.forced.increment(u64::from(forced));
        self.duration.record(duration);
        self.received.increment(traffic.bytes_in);
        self.sent.increment(traffic.bytes_out);
        self.active.decrement(1.0);
    }
}

impl Instruments {
    pub(super) fn new(recorder: &dyn Recorder, labels: &[Label]) -> Self {
        let it = Registrar { recorder, labels };
        Instruments {
            serving: it.gauge("socketserver_serving", "1 while the server serves"),
            connections: Spans {
                started: it.counter("socketserver_connections_started_total", "connections accepted"),
                active: it.gauge("socketserver_connections_active", "connections in progress"),
                ended: it.ended("socketserver_connections_ended_total", "connections that have ended"),
                forced: it.counter("socketserver_connections_forced_total", "connections ended by force"),
                duration: it.histogram("socketserver_connection_duration_seconds", "time of connections"),
                received: it.bytes("socketserver_connection_received_bytes_total", "received on connections"),
                sent: it.bytes("socketserver_connection_sent_bytes_total", "sent on connections"),
            },
            requests: Spans {
                started: it.counter("socketserver_requests_started_total", "requests that have begun"),
                active: it.gauge("socketserver_requests_active", "requests in progress"),
                ended: it.ended("socketserver_requests_ended_total", "requests that have ended"),
                forced: it.counter("socketserver_requests_forced_total", "requests ended by force"),
                duration: it.histogram("socketserver_request_duration_seconds", "time of requests"),
                received: it.bytes("socketserver_request_received_bytes_total", "received as requests"),
                sent: it.bytes("socketserver_request_sent_bytes_total", "sent as replies"),
            },
            accept_errors: it.counter("socketserver_accept_errors_total", "times that accepting failed"),
            out_of_descriptors: it.counter(
                "socketserver_out_of_descriptors_total",
                "alarms that clients are turned away for want of a descriptor",
            ),
            port_not_reopened: it.counter(
                "socketserver_port_not_reopened_total",
                "times that a closed port could not be opened again",
            ),
            cut_off: it.counter(
                "socketserver_connections_cut_off_total",
                "connections of which the rest of the input was not waited for",
            ),
            connections_high: it.counter("socketserver_connections_high_total", "alarms of a near limit"),
            hook_panics: it.counter("socketserver_hook_panics_total", "panics in hooks"),
            children_killed: it.counter(
                "socketserver_children_killed_total",
                "children, forked for a request each, that a signal ended",
            ),
            workers_started: it.counter("socketserver_workers_started_total", "worker processes forked"),
            workers_ended: ["false", "true"].map(|expected| {
                let label = Label::from_static_parts("expected", expected);
                it.counter_with("socketserver_workers_ended_total", "worker processes ended", [label])
            }),
            workers_lost: it.counter(
                "socketserver_workers_lost_requests_total",
                "requests in progress in worker processes that ended",
            ),
            workers_hung: it.counter("socketserver_workers_hung_total", "worker processes that hung"),
            workers_not_started: it
                .counter("socketserver_workers_not_started_total", "workers that couldn't be started"),
            workers_all_busy: it.gauge("socketserver_workers_all_busy", "1 while clients wait for a thread"),
        }
    }
}

/// Where metrics come from, and what labels all of them have.
struct Registrar<'a> {
    recorder: &'a dyn Recorder,
    labels: &'a [Label],
}

const METADATA: Metadata<'static> = Metadata::new("socketserver", Level::INFO, None);

impl Registrar<'_> {
    fn key(&self, name: &'static str, more: impl IntoIterator<Item = Label>) -> Key {
        Key::from_parts(name, self.labels.iter().cloned().chain(more).collect::<Vec<_>>())
    }

    fn counter(&self, name: &'static str, what: &'static str) -> Counter {
        self.counter_with(name, what, [])
    }

    fn bytes(&self, name: &'static str, what: &'static str) -> Counter {
        self.recorder.describe_counter(name.into(), Some(Unit::Bytes), what.into());
        self.recorder.register_counter(&self.key(name, []), &METADATA)
    }

    fn counter_with(
        &self,
        name: &'static str,
        what: &'static str,
        labels: impl IntoIterator<Item = Label>,
    ) -> Counter {
        self.recorder.describe_counter(name.into(), Some(Unit::Count), what.into());
        self.recorder.register_counter(&self.key(name, labels), &METADATA)
    }

    fn ended(&self, name: &'static str, what: &'static str) -> Vec<(Outcome, Counter)> {
        let counted = |outcome: Outcome| {
            let reason = outcome.reason().unwrap_or("none");
            let labels = [("outcome", outcome.name()), ("reason", reason)];
            let labels = labels.map(|(key, value)| Label::from_static_parts(key, value));
            (outcome, self.counter_with(name, what, labels))
        };
        Outcome::all().map(counted).collect()
    }

    fn gauge(&self, name: &'static str, what: &'static str) -> Gauge {
        self.recorder.describe_gauge(name.into(), Some(Unit::Count), what.into());
        self.recorder.register_gauge(&self.key(name, []), &METADATA)
    }

    fn histogram(&self, name: &'static str, what: &'static str) -> Histogram {
        self.recorder.describe_histogram(name.into(), Some(Unit::Seconds), what.into());
        self.recorder.register_histogram(&self.key(name, []), &METADATA)
    }
}
