//! A handshake's view of its stream: exact reads and whole writes under one deadline and one byte budget.

use crate::{AuthError, Cause, HandshakeStream};
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// How long a handshake may take unless its owner says otherwise.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The stream during one handshake.
#[derive(Debug)]
pub(crate) struct Wire<'s, S: ?Sized> {
    stream: &'s mut S,
    deadline: Option<Instant>,
    budget: usize,
}

/// Holds one handshake: at most `timeout` long and `budget` bytes read. Puts the stream's timeouts back whatever happens.
pub(crate) fn run<S, T>(
    stream: &mut S,
    timeout: Option<Duration>,
    budget: usize,
    talk: impl FnOnce(&mut Wire<'_, S>) -> Result<T, Cause>,
) -> Result<T, AuthError>
where
    S: HandshakeStream + ?Sized,
{
    // A deadline beyond what the clock can express is none.
    let deadline = timeout.and_then(|timeout| stream.now().checked_add(timeout));
    if deadline.is_none() {
        return Ok(talk(&mut Wire { stream, deadline, budget })?);
    }
    let saved = stream.save_timeouts().map_err(Cause::Io)?;
    let outcome = talk(&mut Wire { stream: &mut *stream, deadline, budget });
    let restored = stream.restore_timeouts(saved);
    let value = outcome?;
    restored.map_err(Cause::Io)?;
    Ok(value)
}

impl<S: HandshakeStream + ?Sized> Wire<'_, S> {
    /// Fills the buffer, and reads no byte more.
    pub(crate) fn read_exact(&mut self, buffer: &mut [u8]) -> Result<(), Cause> {
        self.budget = self
            .budget
            .checked_sub(buffer.len())
            .ok_or(Cause::TooLarge { announced: buffer.len() as u64, limit: self.budget as u64 })?;
        let mut filled = 0;
        while filled < buffer.len() {
            if let Some(deadline) = self.live_deadline()? {
                self.stream.set_read_deadline(deadline).map_err(cause)?;
            }
            match self.stream.read(&mut buffer[filled..]) {
                Ok(0) => return Err(Cause::Closed),
                // No trust in a reader that claims more than there was room for.
                Ok(n) => filled = filled.saturating_add(n).min(buffer.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(cause(error)),
            }
        }
        // A stream without deadlines may have blocked past ours.
        self.live_deadline().map(drop)
    }

    /// An array of exactly this many bytes.
    pub(crate) fn read_array<const N: usize>(&mut self) -> Result<[u8; N], Cause> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes it all, and flushes: a handler's `wfile` may be buffered.
    pub(crate) fn send(&mut self, mut bytes: &[u8]) -> Result<(), Cause> {
        while !bytes.is_empty() {
            self.arm_write()?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(Cause::Io(ErrorKind::WriteZero.into())),
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(cause(error)),
            }
        }
        loop {
            self.arm_write()?;
            match self.stream.flush() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                flushed => return flushed.map_err(cause),
            }
        }
    }

    fn arm_write(&mut self) -> Result<(), Cause> {
        match self.live_deadline()? {
            Some(deadline) => self.stream.set_write_deadline(deadline).map_err(cause),
            None => Ok(()),
        }
    }

    /// The deadline, unless it has passed.
    fn live_deadline(&self) -> Result<Option<Instant>, Cause> {
        match self.deadline {
            Some(deadline) if self.stream.now() >= deadline => Err(Cause::TimedOut),
            deadline => Ok(deadline),
        }
    }
}

/// A read that timed out says `WouldBlock` on Unix, `TimedOut` elsewhere.
fn cause(error: io::Error) -> Cause {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Cause::TimedOut,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Cause::Closed,
        ErrorKind::UnexpectedEof => Cause::Closed,
        _ => Cause::Io(error),
    }
}
