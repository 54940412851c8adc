//! The observer that makes spans and events of `tracing`.

use crate::{Event, Observer, Outcome};
use parking_lot::Mutex;
use socketserver_net::{Address, Traffic};
use std::{collections::HashMap, time::Duration};
use tracing::{
    Level, Span, debug, debug_span, error,
    field::{Empty, display},
    span, warn,
};

/// Makes spans of [`tracing`], `server` > `connection` > `request`, and events within them; all under the target `socketserver`. With the
/// feature `tracing`.
///
/// | span | fields from its start | fields from its end |
/// |---|---|---|
/// | `server` | `address` | `duration_us`; `error`, if it failed |
/// | `connection` | `id`, `peer` | `outcome`, `reason`, `status`, `forced`, `duration_us`, `bytes_in`, `bytes_out` |
/// | `request` | `id`, `peer` | the same |
///
/// `outcome` and `reason` are [`Outcome::name`] and [`Outcome::reason`]; `status` is that of a child that exited before it could say how its request ended; times are in
/// microseconds. The spans have the level debug, and close after an event `ended`. While a handler runs its thread is in the span of its
/// connection, its request or its datagram, so what the handler itself tells `tracing` stands there. Other events have the level
/// that they have [in the log](crate::LogObserver), and their values as fields.
///
/// A datagram's `request`, and a `connection`, that `handle_request` takes in while nobody serves for ever, is in no other span.
///
/// Connections cost nothing but a question for the level, unless a subscriber wants debug.
///
/// ```
/// use socketserver_core::{TcpServer, TracingObserver};
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
///
/// let server = TcpServer::<Upper>::builder().observer(TracingObserver::default()).bind("127.0.0.1:0")?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[derive(Debug, Default)]
pub struct TracingObserver {
    server: Mutex<Option<Span>>,
    /// Of connections and requests in progress, by number.
    open: Mutex<HashMap<u64, Span>>,
}

impl TracingObserver {
    fn server(&self) -> Option<span::Id> {
        self.server.lock().as_ref().and_then(Span::id)
    }

    /// Not under the lock: a subscriber may take its time.
    fn find(&self, id: u64) -> Span {
        self.open.lock().get(&id).cloned().unwrap_or_else(Span::none)
    }

    fn open_connection(&self, id: u64, peer: &Address) {
        let span = debug_span!(
            target: "socketserver",
            parent: self.server(),
            "connection",
            id,
            peer = display(peer),
            outcome = Empty,
            reason = Empty,
            status = Empty,
            forced = Empty,
            duration_us = Empty,
            bytes_in = Empty,
            bytes_out = Empty,
        );
        self.open.lock().insert(id, span);
    }

    /// Of a keep-alive connection the calling thread is in it from now on.
    fn open_request(&self, id: u64, connection: Option<u64>, peer: &Address) {
        let span = debug_span!(
            target: "socketserver",
            parent: connection.map_or_else(|| self.server(), |connection| self.find(connection).id()),
            "request",
            id,
            peer = display(peer),
            outcome = Empty,
            reason = Empty,
            status = Empty,
            forced = Empty,
            duration_us = Empty,
            bytes_in = Empty,
            bytes_out = Empty,
        );
        if connection.is_some() {
            enter(&span);
        }
        self.open.lock().insert(id, span);
    }

    fn close(&self, id: u64, outcome: Outcome, forced: bool, duration: Duration, traffic: Traffic) {
        let Some(span) = self.open.lock().remove(&id) else { return };
        span.record("outcome", outcome.name());
        if let Some(reason) = outcome.reason() {
            span.record("reason", reason);
        }
        if let Outcome::InChild(Some(status)) = outcome {
            span.record("status", status);
        }
        span.record("forced", forced);
        span.record("duration_us", micros(duration));
        span.record("bytes_in", traffic.bytes_in).record("bytes_out", traffic.bytes_out);
        debug!(target: "socketserver", parent: &span, "ended");
    }

    /// What isn't about one connection, unless it happened in a handler.
    fn tell(&self, event: &Event<'_>) {
        let parent = Span::current().id().or_else(|| self.server());
        macro_rules! tell {
            ($level:ident $(, $name:ident = $value:expr)*) => {
                $level!(target: "socketserver", parent: parent, $($name = $value,)* "{event}")
            };
        }
        match event {
            Event::AcceptFailed { error, back_off: None } => tell!(debug, error = display(error)),
            Event::AcceptFailed { error, back_off: Some(wait) } => {
                tell!(warn, error = display(error), back_off_us = micros(*wait));
            }
            Event::OutOfDescriptors { error } => tell!(warn, error = display(error)),
            Event::PortNotReopened { error, .. } => tell!(error, error = display(error)),
            Event::CutOff { id, peer, discarded } => {
                tell!(debug, id = *id, peer = display(peer), discarded = *discarded);
            }
            Event::ConnectionsHigh { active, limit } => tell!(warn, active = *active, limit = *limit),
            Event::HookPanicked { hook, message } => tell!(error, hook = *hook, panic = *message),
            Event::WorkersBusy { busy, for_how_long } => {
                tell!(warn, busy = *busy, duration_us = micros(*for_how_long));
            }
            Event::WorkersFree { after } => tell!(warn, duration_us = micros(*after)),
            Event::ChildKilled { pid, peer } => tell!(warn, pid = *pid, peer = display(peer)),
            Event::WorkerStarted { pid } => tell!(debug, pid = *pid),
            Event::WorkerEnded { pid, status, expected: true, lost, .. } => {
                tell!(debug, pid = *pid, status = *status, lost = *lost);
            }
            Event::WorkerEnded { pid, status, expected: false, back_off, lost } => {
                tell!(warn, pid = *pid, status = *status, back_off_us = micros(*back_off), lost = *lost);
            }
            Event::WorkerHung { pid, silent_for } => {
                tell!(error, pid = *pid, duration_us = micros(*silent_for));
            }
            Event::WorkerNotStarted { error, back_off } => {
                tell!(warn, error = display(error), back_off_us = micros(*back_off));
            }
            Event::ForkWithThreads { threads } => tell!(warn, threads = *threads),
            _ => tell!(debug),
        }
    }
}

impl Observer for TracingObserver {
    fn event(&self, event: &Event<'_>) {
        match *event {
            Event::Serving { address } => {
                let span = debug_span!(
                    target: "socketserver",
                    parent: None::<span::Id>,
                    "server",
                    address = display(address),
                    duration_us = Empty,
                    error = Empty,
                );
                debug!(target: "socketserver", parent: &span, "{event}");
                *self.server.lock() = Some(span);
            }
            Event::Stopped { duration, error, .. } => {
                let Some(span) = self.server.lock().take() else { return };
                span.record("duration_us", micros(duration));
                if let Some(error) = error {
                    span.record("error", display(error));
                }
                debug!(target: "socketserver", parent: &span, "ended");
            }
            Event::ConnectionStarted { id, peer } => self.open_connection(id, peer),
            Event::RequestStarted { id, connection, peer } => self.open_request(id, connection, peer),
            Event::ConnectionEnded { id, outcome, forced, duration, traffic, .. } => {
                self.close(id, outcome, forced, duration, traffic);
            }
            Event::RequestEnded { id, connection, outcome, forced, duration, traffic, .. } => {
                if connection.is_some() {
                    leave(&self.find(id));
                }
                self.close(id, outcome, forced, duration, traffic);
            }
            _ => self.tell(event),
        }
    }

    fn wants_requests(&self) -> bool {
        tracing::enabled!(target: "socketserver", Level::DEBUG)
    }

    fn enter(&self, id: u64) {
        enter(&self.find(id));
    }

    fn leave(&self, id: u64) {
        leave(&self.find(id));
    }
}

/// As `Span::enter`, whose guard would have to be kept somewhere: the same thread [leaves](leave).
fn enter(span: &Span) {
    span.with_subscriber(|(id, subscriber)| subscriber.enter(id));
}

fn leave(span: &Span) {
    span.with_subscriber(|(id, subscriber)| subscriber.exit(id));
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
