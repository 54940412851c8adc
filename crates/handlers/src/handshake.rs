//! The time in which two ends find out whether, or how, they want to talk.

use crate::{HandlerError, HandlerResult, ServerControl, ServerRef, StreamContext, guarded};
use socketserver_net::{Activity, Connection, Deadline, TimedOut};
use std::{
    error::Error,
    fmt,
    time::{Duration, Instant},
};

/// There are as many handshakes in progress as there may be: what [`ServerRef::handshake`] fails with then. A request that ends with it
/// counts as refused, not as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyHandshakes;

impl fmt::Display for TooManyHandshakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many handshakes at once")
    }
}
impl Error for TooManyHandshakes {}

/// An error by which a handshake ended that had no time left, whatever it makes of that itself.
#[derive(Debug)]
struct Late {
    deadline: TimedOut,
    error: HandlerError,
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.deadline, self.error)
    }
}
impl Error for Late {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.deadline)
    }
}

/// While it lives its connection is [handshaking](Activity::Handshaking), under a deadline. Before and after it is what it was.
#[derive(Debug)]
pub struct Handshaking {
    connection: Option<Connection>,
    was: Activity,
    deadline_was: Option<(Instant, Deadline)>,
    deadline: Option<(Instant, Deadline)>,
}

impl Handshaking {
    /// From now on, for `limit` at most. A deadline that the connection has already stays if it is nearer.
    pub fn begin(connection: Option<Connection>, limit: Option<Duration>) -> Self {
        let was = connection.as_ref().map_or(Activity::InRequest, Connection::activity);
        let deadline_was = connection.as_ref().and_then(Connection::deadline);
        let own = limit.and_then(|limit| Some((Instant::now().checked_add(limit)?, Deadline::Handshake)));
        let deadline = own.into_iter().chain(deadline_was).min_by_key(|(end, _)| *end);
        if let Some(connection) = &connection {
            connection.set_activity(Activity::Handshaking);
            connection.set_deadline(deadline);
        }
        Handshaking { connection, was, deadline_was, deadline }
    }

    /// What came of it: an error, if the time is over, is that the time is over.
    ///
    /// # Errors
    /// That of `result`, and perhaps that it is late.
    pub fn judge<T>(&self, result: HandlerResult<T>) -> HandlerResult<T> {
        result.map_err(|error| match self.deadline {
            Some((end, deadline)) if Instant::now() >= end && TimedOut::of(&*error).is_none() => {
                Late { deadline: TimedOut::new(deadline), error }.into()
            }
            _ => error,
        })
    }
}

impl Drop for Handshaking {
    fn drop(&mut self) {
        // A wire may be the user's: one that panics while another panic unwinds would end the process.
        let _ = guarded(|| {
            if let Some(connection) = &self.connection {
                connection.set_deadline(self.deadline_was);
                connection.set_activity(self.was);
            }
            Ok(())
        });
    }
}

/// Counted until it is dropped.
struct Permit<'a>(&'a dyn ServerControl);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.end_handshake();
    }
}

impl<S> ServerRef<'_, S> {
    /// Runs `shake`, a handshake that the handler does itself, over `connection`: see [`StreamContext::handshake`], which is this for handlers
    /// with files.
    ///
    /// # Errors
    /// As there.
    pub fn handshake<T>(
        &self,
        connection: &Connection,
        shake: impl FnOnce() -> HandlerResult<T>,
    ) -> HandlerResult<T> {
        if !self.control.begin_handshake() {
            return Err(TooManyHandshakes.into());
        }
        let _permit = Permit(self.control);
        let handshaking = Handshaking::begin(Some(connection.clone()), self.control.handshake_timeout());
        handshaking.judge(shake())
    }
}

impl<S> StreamContext<'_, S> {
    /// Runs `shake`, a handshake that the handler does itself: mostly in its `setup`, before the client may ask for anything. Meanwhile the server's
    /// `handshake_timeout` bounds the whole of it, a client that sends a byte at a time included; it counts among the server's `max_handshakes`;
    /// and who lists the connections sees [`Activity::Handshaking`].
    ///
    /// A handshake that a transport does ([`Request::handshake`](socketserver_net::Request::handshake)) needs none of this.
    ///
    /// # Errors
    /// What `shake` fails with. If the time was over by then, a [`TimedOut`] can be found in it, with [`Deadline::Handshake`]. Without running
    /// it, [`TooManyHandshakes`]; a handler that returns this has its client turned away, and told by the server's `reject_because`.
    ///
    /// ```
    /// use socketserver_handlers::{HandlerResult, KeepAlive, KeepAliveRequestHandler, StreamContext};
    /// use std::io::{BufRead, Write};
    ///
    /// #[derive(Default)]
    /// struct Members { name: String }
    ///
    /// impl KeepAliveRequestHandler for Members {
    ///     fn setup(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
    ///         self.name = cx.handshake(|cx| {
    ///             cx.wfile.write_all(b"name: ")?;
    ///             let mut name = String::new();
    ///             cx.rfile.read_line(&mut name)?;
    ///             Ok(name)
    ///         })?;
    ///         Ok(())
    ///     }
    ///     fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
    /// #       cx.rfile.read_until(b'\n', &mut Vec::new())?;
    ///         // ..
    ///         Ok(KeepAlive::Yes)
    ///     }
    /// }
    /// ```
    pub fn handshake<T>(&mut self, shake: impl FnOnce(&mut Self) -> HandlerResult<T>) -> HandlerResult<T> {
        let (server, connection) = (self.server, self.request);
        server.handshake(connection, || shake(self))
    }
}

#[cfg(test)]
mod tests;
