//! Replies that wait for those of other datagrams, to be sent by one system call.

use super::several;
use crate::Socket;
use parking_lot::Mutex;
use rustix::net::SocketAddrAny;
use std::{
    io,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// Longer replies are sent by themselves, so that they aren't copied, and so that "too long" is told to the one who is.
const LONGEST: usize = 1400;

/// A reply waits for one handler and no longer than this.
const PATIENCE: Duration = Duration::from_millis(1);

#[derive(Default)]
pub(super) struct Outbox {
    is_used: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    /// Of which the first `count` wait; the others are memory for the next.
    replies: Vec<several::Message>,
    count: usize,
    since: Option<Instant>,
    /// Why an earlier one couldn't be sent, for the next who replies to tell.
    error: Option<io::Error>,
}

impl Outbox {
    pub(super) fn use_it(&self, use_it: bool) {
        self.is_used.store(use_it, Relaxed);
    }

    pub(super) fn is_used(&self) -> bool {
        self.is_used.load(Relaxed)
    }

    /// Takes a reply, if `may_wait` says so while nobody sends what waits; sends it after those otherwise.
    pub(super) fn reply(
        &self,
        socket: &Socket,
        reply: &[u8],
        to: SocketAddrAny,
        may_wait: impl Fn() -> bool,
    ) -> io::Result<()> {
        let mut waiting = self.waiting.lock();
        if reply.len() <= LONGEST && waiting.count < several::MOST && may_wait() {
            waiting.add(reply, to);
            return Ok(());
        }
        waiting.flush(socket);
        let sent = socket.send_datagram(reply, &to).map(drop);
        let before = waiting.error.take();
        sent.and(before.map_or(Ok(()), |error| {
            Err(io::Error::new(error.kind(), format!("an earlier reply could not be sent: {error}")))
        }))
    }

    /// Sends what waits, if it has waited long enough, or `now`.
    pub(super) fn flush(&self, socket: &Socket, now: bool) {
        let mut waiting = self.waiting.lock();
        if waiting.since.is_some_and(|since| now || since.elapsed() >= PATIENCE) {
            waiting.flush(socket);
        }
    }
}

impl Waiting {
    fn add(&mut self, reply: &[u8], to: SocketAddrAny) {
        match self.replies.get_mut(self.count) {
            Some((data, address)) => {
                data.clear();
                data.extend_from_slice(reply);
                *address = to;
            }
            None => self.replies.push((reply.to_vec(), to)),
        }
        self.count += 1;
        self.since.get_or_insert_with(Instant::now);
    }

    /// One that can't be sent is left out. Of several, the last one's error is told, to who replies next: those before have no handler any more
    /// that could hear of theirs.
    fn flush(&mut self, socket: &Socket) {
        let mut done = 0;
        while done < self.count {
            done += several::send(socket, &self.replies[done..self.count]).unwrap_or_else(|error| {
                self.error = Some(error);
                1
            });
        }
        self.count = 0;
        self.since = None;
    }
}
