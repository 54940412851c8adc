//! Handshakes that requests begin with: under a deadline, a limited number at once, where the handler will run.

use crate::{Job, ServerHooks, Transport, core::Core, time_limits::TimeLimits};
use socketserver_handlers::{HandlerResult, Handshaking, ServerControl, TooManyHandshakes, guarded};
use socketserver_net::{FirstWord, Request};
use socketserver_sys::sync::AtomicUsize;
use std::{
    fmt,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

/// How many there are, and may be. In a child that was forked for one request it is the parent's [`Nursery`](crate::nursery::Nursery) that knows.
#[derive(Debug)]
pub(crate) struct Handshakes {
    max: AtomicUsize,
    now: AtomicUsize,
}

const NO_LIMIT: usize = usize::MAX;

impl Handshakes {
    pub(crate) fn new(max: Option<usize>) -> Self {
        Handshakes { max: AtomicUsize::new(max.unwrap_or(NO_LIMIT)), now: AtomicUsize::new(0) }
    }

    pub(crate) fn max(&self) -> Option<usize> {
        Some(self.max.load(SeqCst)).filter(|max| *max != NO_LIMIT)
    }

    /// Those in progress go on.
    pub(crate) fn set_max(&self, max: Option<usize>) {
        self.max.store(max.unwrap_or(NO_LIMIT), SeqCst);
    }

    /// Counts one more, if there may be one more.
    pub(crate) fn begin(&self) -> bool {
        let one_more = |now: usize| (now < self.max.load(SeqCst)).then_some(now + 1);
        self.now.try_update(SeqCst, SeqCst, one_more).is_ok()
    }

    pub(crate) fn end(&self) {
        self.now.fetch_sub(1, SeqCst);
    }

    /// For a process that begins anew.
    pub(crate) fn empty(&self) {
        self.now.store(0, SeqCst);
    }
}

/// One of them, until this is dropped.
struct Permit(Arc<Core>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.end_handshake();
    }
}

/// A request's handshake, from its beginning on.
pub(crate) struct Begun {
    time: Handshaking,
    _permit: Permit,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.time.fmt(f)
    }
}

impl<T: Transport, S: ServerHooks<T>> Job<T, S> {
    /// Begins the handshake, if the request has one: its time runs from now on, and it counts among those in progress. For a mix-in that
    /// can wait without a thread: if the client has the [first word](FirstWord::FromClient) there is nothing to do before it comes, up to
    /// [`handshake_timeout`](Self::handshake_timeout). [`run`](Self::run) and [`into_session`](Self::into_session) do this, and the rest. A second call
    /// does nothing.
    ///
    /// # Errors
    /// There are as many in progress as there may be, or user code panicked; to be handed to [`fail`](Self::fail).
    pub fn begin_handshake(&mut self) -> HandlerResult<Option<FirstWord>> {
        let core = self.shared.core.clone();
        let parts = self.parts_mut();
        let first_word = guarded(|| Ok(parts.request.begins_with_handshake()))?;
        if first_word.is_some() && parts.handshake.is_none() {
            if !core.begin_handshake() {
                return Err(TooManyHandshakes.into());
            }
            let limit = ServerControl::handshake_timeout(&*core);
            let _permit = Permit(core);
            let time = Handshaking::begin(parts.request.connection(), limit);
            parts.handshake = Some(Box::new(Begun { time, _permit }));
        }
        Ok(first_word)
    }

    fn set_time_limits(&mut self) {
        let TimeLimits { read, write, request: whole, .. } = self.shared.core.time_limits;
        if read.is_none() && write.is_none() && whole.is_none() {
            return;
        }
        let request = &mut self.parts_mut().request;
        let Some(connection) = request.connection() else {
            let end = whole.and_then(|whole| Instant::now().checked_add(whole));
            return request.limit_replies(write, end);
        };
        // What a hook has set stays where the server says nothing.
        if read.is_some() {
            connection.set_read_timeout(read);
        }
        if write.is_some() {
            connection.set_write_timeout(write);
        }
    }

    /// How long a handshake may take: the server's `handshake_timeout`.
    pub fn handshake_timeout(&self) -> Option<Duration> {
        ServerControl::handshake_timeout(&*self.shared.core)
    }

    /// Does what comes before the handler is made: sets the time limits of reads and writes, and brings the handshake to its end.
    pub(crate) fn make_ready(&mut self) -> HandlerResult {
        guarded(|| {
            self.set_time_limits();
            Ok(())
        })?;
        if self.begin_handshake()?.is_none() {
            return Ok(());
        }
        let core = self.shared.core.clone();
        let parts = self.parts_mut();
        let _runs_as = core.run_as(parts.ticket.told());
        let (request, peer) = (&mut parts.request, &mut parts.peer);
        let shaken = guarded(|| Ok(request.handshake(peer)?));
        match parts.handshake.take() {
            Some(begun) => guarded(|| begun.time.judge(shaken)),
            None => shaken,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
