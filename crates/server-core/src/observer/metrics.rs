//! The observer that counts by `metrics`.

mod instruments;

use crate::{Event, Observer};
use instruments::Instruments;
use metrics::{Label, Recorder};
use std::{fmt, sync::OnceLock};

/// Counts by [`metrics`], for whichever exporter is installed. With the feature `metrics`.
///
/// | metric | kind, unit | labels | counts |
/// |---|---|---|---|
/// | `socketserver_serving` | gauge | | 1 while `serve_forever` runs |
/// | `socketserver_connections_started_total` | counter | | connections accepted |
/// | `socketserver_connections_active` | gauge | | connections in progress |
/// | `socketserver_connections_ended_total` | counter | `outcome`, `reason` | connections that have ended |
/// | `socketserver_connections_forced_total` | counter | | those that were ended by force |
/// | `socketserver_connection_duration_seconds` | histogram, seconds | | how long they took |
/// | `socketserver_connection_received_bytes_total`, `…_sent_bytes_total` | counters, bytes | | what passed |
/// | `socketserver_requests_started_total`, … | | | the same seven of requests, with `request` for `connection`: datagrams, and requests of keep-alive connections |
/// | `socketserver_accept_errors_total` | counter | | times that accepting failed |
/// | `socketserver_out_of_descriptors_total` | counter | | alarms that clients are turned away for want of a descriptor |
/// | `socketserver_port_not_reopened_total` | counter | | times that a closed port could not be opened again |
/// | `socketserver_connections_cut_off_total` | counter | | connections of which the rest of the input was not waited for |
/// | `socketserver_connections_high_total` | counter | | alarms that the limit of connections is near |
/// | `socketserver_hook_panics_total` | counter | | panics in hooks |
/// | `socketserver_children_killed_total` | counter | | children, forked for a request each, that a signal ended |
/// | `socketserver_workers_started_total` | counter | | worker processes forked |
/// | `socketserver_workers_ended_total` | counter | `expected`: `true`, `false` | worker processes that have ended |
/// | `socketserver_workers_lost_requests_total` | counter | | requests that were in progress in them |
/// | `socketserver_workers_hung_total` | counter | | those that were killed because they hung |
/// | `socketserver_workers_not_started_total` | counter | | workers, threads or processes, that couldn't be started |
/// | `socketserver_workers_all_busy` | gauge | | 1 while clients wait for a thread, as [`Event::WorkersBusy`] tells |
///
/// `outcome` is [`Outcome::name`](crate::Outcome::name); `reason` is [`Outcome::reason`](crate::Outcome::reason), or `none`. These names are a
/// part of the interface. Of connections, or datagrams, the ends add up to what [`Stats`](crate::Stats) says: `failed` there is
/// `failed` and `panicked` here.
///
/// The recorder is asked for these once, when the first event comes: install it before the server serves. From then on an event costs a
/// few additions. A worker process of a prefork server counts by its own copy of the recorder, which nobody may be reading: there, export in
/// each process, or let the parent report its `Stats`.
///
/// ```
/// use socketserver_core::{LogObserver, MetricsObserver, TcpServer};
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
///
/// let server = TcpServer::<Upper>::builder()
///     .observer((LogObserver, MetricsObserver::default().label("server", "upper")))
///     .bind("127.0.0.1:0")?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[derive(Default)]
pub struct MetricsObserver {
    labels: Vec<Label>,
    instruments: OnceLock<Instruments>,
}

impl MetricsObserver {
    /// Gives all its metrics a label more, such as which of several servers it is. Of no effect after
    /// [`register_with`](Self::register_with).
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push(Label::new(key.into(), value.into()));
        self
    }

    /// Counts by this recorder, instead of the one that is installed when the first event comes.
    pub fn register_with(self, recorder: &dyn Recorder) -> Self {
        self.instruments.get_or_init(|| Instruments::new(recorder, &self.labels));
        self
    }

    fn instruments(&self) -> &Instruments {
        self.instruments
            .get_or_init(|| metrics::with_recorder(|recorder| Instruments::new(recorder, &self.labels)))
    }
}

impl Observer for MetricsObserver {
    fn event(&self, event: &Event<'_>) {
        let it = self.instruments();
        match *event {
            Event::Serving { .. } => it.serving.set(1.0),
            Event::Stopped { .. } => it.serving.set(0.0),
            Event::ConnectionStarted { .. } => it.connections.start(),
            Event::RequestStarted { .. } => it.requests.start(),
            Event::ConnectionEnded { outcome, forced, duration, traffic, .. } => {
                it.connections.end(outcome, forced, duration, traffic);
            }
            Event::RequestEnded { outcome, forced, duration, traffic, .. } => {
                it.requests.end(outcome, forced, duration, traffic);
            }
            Event::AcceptFailed { .. } => it.accept_errors.increment(1),
            Event::OutOfDescriptors { .. } => it.out_of_descriptors.increment(1),
            Event::PortNotReopened { .. } => it.port_not_reopened.increment(1),
            Event::CutOff { .. } => it.cut_off.increment(1),
            Event::ConnectionsHigh { .. } => it.connections_high.increment(1),
            Event::HookPanicked { .. } => it.hook_panics.increment(1),
            Event::WorkersBusy { .. } => it.workers_all_busy.set(1.0),
            Event::WorkersFree { .. } => it.workers_all_busy.set(0.0),
            Event::ChildKilled { .. } => it.children_killed.increment(1),
            Event::WorkerStarted { .. } => it.workers_started.increment(1),
            Event::WorkerEnded { expected, lost, .. } => {
                it.workers_ended[usize::from(expected)].increment(1);
                it.workers_lost.increment(lost as u64);
            }
            Event::WorkerHung { .. } => it.workers_hung.increment(1),
            Event::WorkerNotStarted { .. } => it.workers_not_started.increment(1),
            Event::ForkWithThreads { .. } => {}
        }
    }
}

impl fmt::Debug for MetricsObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsObserver").field("labels", &self.labels).finish_non_exhaustive()
    }
}
