//! The observer that writes to `log`.

use crate::{Event, Observer};

/// Writes events to [`log`], under the target `socketserver`: what an operator must know as warnings, the rest as debug. The default.
///
/// Connections and requests cost nothing but a look at the level, unless the level is debug.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogObserver;

impl Observer for LogObserver {
    fn event(&self, event: &Event<'_>) {
        log::log!(target: "socketserver", event.level(), "{event}");
    }

    fn wants_requests(&self) -> bool {
        log::log_enabled!(target: "socketserver", log::Level::Debug)
    }
}
