//! What a handshake needs of a stream: bytes, and a way to stop waiting for them.

mod duplex;
#[cfg(feature = "net")]
mod net_streams;
mod std_streams;
mod untimed;

pub use duplex::Duplex;
pub use untimed::Untimed;

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// A byte stream that can be told when to stop waiting.
///
/// A handshake calls, in this order:
///
/// 1. [`save_timeouts`](Self::save_timeouts), once;
/// 2. [`set_read_deadline`](Self::set_read_deadline) before *every* `read` and
///    [`set_write_deadline`](Self::set_write_deadline) before every `write` and `flush`, always with the same instant. A
///    stream whose timeouts are durations arms the time that remains, so that a peer sending one byte at a time gains nothing;
/// 3. [`restore_timeouts`](Self::restore_timeouts), once, however it ended.
///
/// Every method has a default that does nothing, for streams that can't: then the deadline is still checked between reads, but
/// a read that blocks forever blocks the handshake. Implemented for the `TcpStream` and `UnixStream` of the standard library, owned or
/// borrowed; with the feature `net` for those of `socketserver-net` and for its `Connection` too, so a handler passes its request:
/// `server.handshake(cx.request)`, or `&mut cx.request` where the request is a `&Connection`. For a pair of halves there is [`Duplex`], for any other stream [`Untimed`].
///
/// ```
/// use socketserver_auth::HandshakeStream;
/// use std::io::{self, Read, Write};
///
/// struct Pipe(io::Cursor<Vec<u8>>);
/// # impl Read for Pipe { fn read(&mut self, b: &mut [u8]) -> io::Result<usize> { self.0.read(b) } }
/// # impl Write for Pipe {
/// #     fn write(&mut self, b: &[u8]) -> io::Result<usize> { self.0.write(b) }
/// #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
/// # }
/// // impl Read for Pipe { .. }  impl Write for Pipe { .. }
/// impl HandshakeStream for Pipe {} // it never blocks, so it needs no deadline
/// ```
pub trait HandshakeStream: Read + Write {
    /// From now on no `read` may block past `deadline`; one that would fails with `WouldBlock` or `TimedOut`.
    ///
    /// # Errors
    /// Whatever the stream says; the handshake then fails.
    fn set_read_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        let _ = deadline;
        Ok(())
    }

    /// From now on no `write` or `flush` may block past `deadline`.
    ///
    /// # Errors
    /// Whatever the stream says; the handshake then fails.
    fn set_write_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        let _ = deadline;
        Ok(())
    }

    /// The timeouts in force before the handshake.
    ///
    /// # Errors
    /// Whatever the stream says; the handshake then fails before it sends anything.
    fn save_timeouts(&self) -> io::Result<Timeouts> {
        Ok(Timeouts::default())
    }

    /// Puts them back: the handshake is over.
    ///
    /// # Errors
    /// Whatever the stream says; a handshake that had succeeded then fails.
    fn restore_timeouts(&mut self, saved: Timeouts) -> io::Result<()> {
        let _ = saved;
        Ok(())
    }

    /// The clock that the deadline is measured by. Only a simulated stream needs another one.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A stream's own timeouts per read and per write; `None` waits forever.
///
/// ```
/// # use socketserver_auth::Timeouts;
/// assert_eq!(Timeouts::default(), Timeouts { read: None, write: None });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// The longest that one read may wait.
    pub read: Option<Duration>,
    /// The longest that one write may wait.
    pub write: Option<Duration>,
}

impl<S: HandshakeStream + ?Sized> HandshakeStream for &mut S {
    fn set_read_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        (**self).set_read_deadline(deadline)
    }

    fn set_write_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        (**self).set_write_deadline(deadline)
    }

    fn save_timeouts(&self) -> io::Result<Timeouts> {
        (**self).save_timeouts()
    }

    fn restore_timeouts(&mut self, saved: Timeouts) -> io::Result<()> {
        (**self).restore_timeouts(saved)
    }

    fn now(&self) -> Instant {
        (**self).now()
    }
}

impl<S: HandshakeStream + ?Sized> HandshakeStream for Box<S> {
    fn set_read_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        (**self).set_read_deadline(deadline)
    }

    fn set_write_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        (**self).set_write_deadline(deadline)
    }

    fn save_timeouts(&self) -> io::Result<Timeouts> {
        (**self).save_timeouts()
    }

    fn restore_timeouts(&mut self, saved: Timeouts) -> io::Result<()> {
        (**self).restore_timeouts(saved)
    }

    fn now(&self) -> Instant {
        (**self).now()
    }
}

/// Never zero, which sockets would refuse.
fn remaining(deadline: Instant) -> io::Result<Duration> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        time => Ok(time),
    }
}
