//! The time limits of a server's requests, as its builder sets them.

use std::time::Duration;

/// `None` is for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeLimits {
    /// Of each read, where the handler doesn't say.
    pub(crate) read: Option<Duration>,
    /// Of each write, where the handler doesn't say.
    pub(crate) write: Option<Duration>,
    pub(crate) handshake: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    pub(crate) request: Option<Duration>,
}

impl TimeLimits {
    /// A handshake is with somebody whom nobody knows yet, so it has a limit by default.
    pub(crate) const DEFAULT: TimeLimits = TimeLimits {
        read: None,
        write: None,
        handshake: Some(Duration::from_secs(5)),
        idle: None,
        request: None,
    };
}
