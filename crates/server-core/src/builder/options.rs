//! What has been said so far, as far as it doesn't depend on types, and the defaults of the rest.

use crate::{
    Backlog, BindOptions, Limit, Linger, LogObserver, Observer, core::CoreOptions, time_limits::TimeLimits,
};
use std::time::Duration;

pub(super) struct Options {
    pub(super) bind: BindOptions,
    pub(super) request_queue_size: i32,
    pub(super) max_connections: Option<Limit>,
    pub(super) max_per_peer: Option<usize>,
    pub(super) alarm_at: Option<usize>,
    pub(super) alarm_cool_down: Duration,
    pub(super) observer: Box<dyn Observer>,
    pub(super) poll_interval: Option<Duration>,
    pub(super) timeout: Option<Duration>,
    pub(super) linger: Linger,
    pub(super) time_limits: TimeLimits,
    pub(super) max_handshakes: Option<usize>,
    pub(super) reserve_descriptor: bool,
    pub(super) backlog: Backlog,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            bind: BindOptions::default(),
            request_queue_size: 1024,
            max_connections: None,
            max_per_peer: None,
            alarm_at: None,
            alarm_cool_down: Duration::from_secs(60),
            observer: Box::new(LogObserver),
            poll_interval: Some(Duration::from_millis(500)),
            timeout: None,
            linger: Linger::default(),
            time_limits: TimeLimits::DEFAULT,
            max_handshakes: None,
            reserve_descriptor: false,
            backlog: Backlog::Keep,
        }
    }
}

impl Options {
    /// Those of the core; where nothing was said of a limit, with `default_limit`.
    pub(super) fn into_core(self, default_limit: impl FnOnce() -> Limit) -> CoreOptions {
        CoreOptions {
            limit: self.max_connections.unwrap_or_else(default_limit),
            max_per_peer: self.max_per_peer,
            alarm_at: self.alarm_at,
            alarm_cool_down: self.alarm_cool_down,
            observer: self.observer,
            poll_interval: self.poll_interval,
            linger: self.linger,
            time_limits: self.time_limits,
            max_handshakes: self.max_handshakes,
            reserve_descriptor: self.reserve_descriptor,
            backlog: self.backlog,
            request_queue_size: self.request_queue_size,
        }
    }
}
