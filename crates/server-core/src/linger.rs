//! How long a connection is read on after its end: the setting.

use std::time::Duration;

/// For how long, and how far, a server goes on reading what a client sends when its handler is done with it, or when it was turned away:
/// nginx's `lingering_close`.
///
/// The system resets a connection that is closed with input unread, or that gets some afterwards; what the client hadn't received of the
/// reply by then is lost, and its `read` fails where it should see the end. So a connection on which there is such input is shut down
/// for writing, what comes is thrown away until the client closes its end too, and only then it is closed. It counts as in progress
/// until then. Python has nothing like it.
///
/// It is left alone
/// - when the client has finished sending;
/// - when a read that doesn't wait finds nothing, unless the last read filled a buffer of 4 KiB or more, or the client was turned away
///   before it could be read from, by a hook that has told it something: more is on its way then. A client that asks and is answered costs
///   this one read;
/// - when somebody keeps a view of the connection, who may want to read.
///
/// With [`always`](Self::always), only in the first case if the client has finished, and in the last.
///
/// Nobody waits for it: while the loop runs it looks after such connections itself, between requests, and the handler's thread goes
/// on. (In a loop that runs handlers, as `Sequential`'s does, they stay as they are while one of them runs.) After the loop has ended, in
/// `handle_request` and in a forked child, who has served the request waits, within the same bounds.
///
/// What is still being sent at the bounds is cut off: it counts as [`Stats::cut_off`](crate::Stats::cut_off), and is told by
/// [`Event::CutOff`](crate::Event::CutOff). A client that sends nothing for a fifth of the time isn't waited for any longer.
///
/// ```
/// use socketserver_core::{Linger, TcpServer};
/// # use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// # #[derive(Default)] struct Upper;
/// # impl StreamRequestHandler for Upper { fn handle(&mut self, _: &mut StreamContext<'_>) -> HandlerResult { Ok(()) } }
/// use std::time::Duration;
///
/// let server = TcpServer::<Upper>::builder().linger(Duration::from_secs(1)).bind("127.0.0.1:0")?;
/// let server = TcpServer::<Upper>::builder().linger(Linger::default().always()).bind("127.0.0.1:0")?;
/// let server = TcpServer::<Upper>::builder().linger(None).bind("127.0.0.1:0")?;
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linger {
    pub(crate) time: Duration,
    pub(crate) bytes: u64,
    pub(crate) always: bool,
}

impl Linger {
    /// For at most this long, and at most 64 MiB; zero is not at all.
    pub const fn up_to(time: Duration) -> Self {
        Linger { time, bytes: 64 << 20, always: false }
    }

    /// Not at all, as in Python: connections are closed at once.
    pub const fn off() -> Self {
        Linger::up_to(Duration::ZERO)
    }

    /// Throws away about so many bytes at most.
    pub const fn bytes(self, bytes: u64) -> Self {
        Linger { bytes, ..self }
    }

    /// For every connection whose client hasn't finished sending, be there input or not: for clients that may send more at any time, such as
    /// a request's head and its body apart. A connection then ends when its client closes it, or after the silence.
    pub const fn always(self) -> Self {
        Linger { always: true, ..self }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.time.is_zero() || self.bytes == 0
    }
}

/// Up to 5 seconds, 1 of silence, and 64 MiB.
impl Default for Linger {
    fn default() -> Self {
        Linger::up_to(Duration::from_secs(5))
    }
}

impl From<Duration> for Linger {
    fn from(time: Duration) -> Self {
        Linger::up_to(time)
    }
}

/// `None` is [`Linger::off`].
impl From<Option<Duration>> for Linger {
    fn from(time: Option<Duration>) -> Self {
        time.map_or(Linger::off(), Linger::up_to)
    }
}
