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
        end: Option<Instant>,
        may_wait: impl Fn() -> bool,
    ) -> io::Result<()> {
        let mut waiting = self.waiting.lock();
        if reply.len() <= LONGEST && waiting.count < several::MOST && may_wait() {
            waiting.add(reply, to);
            return Ok(());
        }
        waiting.flush(socket);
        let sent = socket.send_datagram_until(reply, &to, end).map(drop);
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
            let left = self.count - done;
            done += several::send(socket, &self.replies[done..self.count]).unwrap_or_else(|error| {
                // Where there was no room for one in all that time there is none for the others.
                let given_up = if error.kind() == io::ErrorKind::TimedOut { left } else { 1 };
                self.error = Some(error);
                given_up
            });
        }
        self.count = 0;
        self.since = None;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{Deadline, TimedOut, UnixAddress, UnixDatagram};
    use rustix::net::addr::SocketAddrArg;

    /// Over UDP it is the network that lets replies wait; here somebody who doesn't read.
    #[test]
    fn replies_for_which_there_is_no_room_wait_no_longer_than_one_of_them_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deaf");
        let (_deaf, socket) = (UnixDatagram::bind(&path).unwrap(), UnixDatagram::unbound().unwrap());
        let to = UnixAddress::from(&path).to_raw().unwrap().as_any();
        socket.settimeout(Some(Duration::ZERO));
        while socket.send_datagram(b"?", &to).is_ok() {}

        socket.settimeout(Some(Duration::from_millis(20)));
        let outbox = Outbox::default();
        for _ in 0..several::MOST {
            outbox.reply(&socket, b"reply", to.clone(), None, || true).unwrap();
        }
        outbox.flush(&socket, true);
        assert_eq!(outbox.waiting.lock().count, 0, "they are left out");
        let told = outbox.waiting.lock().error.take().unwrap();
        assert_eq!(TimedOut::of(&told), Some(TimedOut::new(Deadline::Write)));
        let at_once = outbox.reply(&socket, b"reply", to, Some(Instant::now()), || false).unwrap_err();
        assert_eq!(TimedOut::of(&at_once), Some(TimedOut::new(Deadline::Request)));
    }
}
