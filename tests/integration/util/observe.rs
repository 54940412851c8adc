//! Hearing what a server tells, and what it logs.

use parking_lot::Mutex;
use socketserver::{Event, Observer, Outcome};
use std::{sync::Arc, time::Duration};

/// What a [`Recorder`] has heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen {
    Serving,
    Stopped,
    /// With an error, as text.
    StoppedBy(String),
    /// A connection or a datagram came: its number, and who it is from.
    Started(u64, String),
    /// It ended: its number, how, and the bytes in and out.
    Ended(u64, Outcome, (u64, u64)),
    AcceptFailed {
        error: String,
        back_off: Option<Duration>,
    },
    HookPanicked(&'static str, String),
    ForkWithThreads(usize),
    /// Of a kind that has no name here; as text.
    Other(String),
}

/// An observer that keeps what it hears. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Seen>>>);

impl Recorder {
    /// All that was heard, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.0.lock().clone()
    }

    /// How connections and datagrams ended, in the order in which they did.
    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        let outcome = |it: &Seen| if let Seen::Ended(_, outcome, _) = it { Some(*outcome) } else { None };
        self.0.lock().iter().filter_map(outcome).collect()
    }
}

impl Observer for Recorder {
    fn event(&self, event: &Event<'_>) {
        self.0.lock().push(match event {
            Event::Serving { .. } => Seen::Serving,
            Event::Stopped { error: None, .. } => Seen::Stopped,
            Event::Stopped { error: Some(error), .. } => Seen::StoppedBy(error.to_string()),
            Event::ConnectionStarted { id, peer } | Event::RequestStarted { id, connection: None, peer } => {
                Seen::Started(*id, peer.to_string())
            }
            Event::ConnectionEnded { id, outcome, traffic, .. }
            | Event::RequestEnded { id, connection: None, outcome, traffic, .. } => {
                Seen::Ended(*id, *outcome, (traffic.bytes_in, traffic.bytes_out))
            }
            // Of a keep-alive connection; `spans` is about these.
            Event::RequestStarted { .. } | Event::RequestEnded { .. } => return,
            Event::AcceptFailed { error, back_off } => {
                Seen::AcceptFailed { error: error.to_string(), back_off: *back_off }
            }
            Event::HookPanicked { hook, message } => Seen::HookPanicked(hook, message.to_string()),
            Event::ForkWithThreads { threads } => Seen::ForkWithThreads(*threads),
            other => Seen::Other(other.to_string()),
        });
    }
}

/// Hears as the other does, and then panics, whatever it was.
#[derive(Debug)]
pub(crate) struct Nervous<O>(pub(crate) O);

impl<O: Observer> Observer for Nervous<O> {
    fn event(&self, event: &Event<'_>) {
        self.0.event(event);
        panic!("at {event}");
    }
    fn enter(&self, id: u64) {
        panic!("at the door of {id}");
    }
    fn leave(&self, id: u64) {
        panic!("at the door of {id}");
    }
}

/// What goes to `log` under the target `socketserver`, in this process, from the first call of [`logged`] on.
struct Log(Mutex<Vec<(log::Level, String)>>);

static LOG: Log = Log(Mutex::new(Vec::new()));

impl log::Log for Log {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "socketserver"
    }
    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.lock().push((record.level(), record.args().to_string()));
        }
    }
    fn flush(&self) {}
}

/// The lines logged so far that hold `part`. All tests of the process log to the same place, so `part` should be something that is
/// only in one's own, such as a port. The first call starts the recording, so call it once before.
pub(crate) fn logged(part: &str) -> Vec<(log::Level, String)> {
    if log::set_logger(&LOG).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
    LOG.0.lock().iter().filter(|(_, line)| line.contains(part)).cloned().collect()
}
