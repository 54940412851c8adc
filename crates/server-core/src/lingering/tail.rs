//! What one client still sends.

use crate::Linger;
use socketserver_handlers::guarded;
use socketserver_net::{Connection, Socket};
use std::time::{Duration, Instant};

/// Why nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client has finished, or gone, or has been silent for long enough.
    Over,
    /// It was still sending at the bounds.
    CutOff,
}

/// A client that sends nothing for this part of the time has nothing more to send.
const SILENCE: u32 = 5;

/// By one look, so that it doesn't take long.
const AT_ONCE: usize = 256 * 1024;

/// From one look to the next: twice as long each time that there is nothing, since nothing tells that there is.
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(64);

pub(crate) struct Tail {
    connection: Connection,
    until: Option<Instant>,
    silent_until: Option<Instant>,
    silence: Duration,
    discarded: u64,
    most: u64,
    next_look: Instant,
    pause: Duration,
}

impl Tail {
    pub(crate) fn new(connection: Connection, linger: &Linger) -> Self {
        let now = Instant::now();
        let silence = linger.time / SILENCE;
        Tail {
            connection,
            until: now.checked_add(linger.time),
            silent_until: now.checked_add(silence),
            silence,
            discarded: 0,
            most: linger.bytes,
            next_look: now,
            pause: SHORTEST,
        }
    }

    pub(crate) fn discarded(&self) -> u64 {
        self.discarded
    }

    pub(crate) fn next_look(&self) -> Instant {
        self.next_look
    }

    /// A wire may be the user's, and panic.
    fn socket(&self) -> Option<&Socket> {
        guarded(|| Ok(self.connection.socket())).ok().flatten()
    }

    /// Throws away what there is; says whether that was the end.
    pub(crate) fn look(&mut self, now: Instant) -> Option<End> {
        let left = usize::try_from(self.most.saturating_sub(self.discarded)).unwrap_or(usize::MAX);
        let found = self.socket().map(|socket| socket.discard(left.min(AT_ONCE)));
        let Some(Ok(found)) = found else { return Some(End::Over) }; // it is broken
        self.discarded += found.bytes as u64;
        let is_past = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        if found.ended {
            return Some(End::Over);
        }
        if found.bytes > 0 {
            self.silent_until = now.checked_add(self.silence);
            self.pause = SHORTEST;
        } else {
            self.pause = (self.pause * 2).min(LONGEST);
        }
        self.next_look = now + self.pause;
        match () {
            _ if self.discarded >= self.most => Some(End::CutOff),
            _ if found.bytes == 0 && is_past(self.silent_until) => Some(End::Over),
            _ if is_past(self.until) => Some(End::CutOff),
            _ => None,
        }
    }

    /// Looks whenever something has come, until that was the end.
    pub(crate) fn wait(&mut self) -> End {
        loop {
            // More than an instant can hold: another look a day later does no harm.
            let day = || Instant::now() + Duration::from_secs(86_400);
            let until = self.silent_until.into_iter().chain(self.until).min().unwrap_or_else(day);
            let waited = self.socket().map(|socket| socket.wait_for_input(until));
            let Some(Ok(())) = waited else { return End::Over };
            if let Some(end) = self.look(Instant::now()) {
                return end;
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
