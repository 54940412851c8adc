//! The wait of who wants to send a datagram for which there is no room.

use crate::{Deadline, Socket, TimedOut, time::Patience, waiting};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use std::{
    io, thread,
    time::{Duration, Instant},
};

/// No single wait is longer: in between it is looked whether the time limits have changed, since a server that ends by force says so by them.
const SLICE: Duration = Duration::from_millis(8);

pub(crate) struct RoomWait {
    end: Option<(Instant, Deadline)>,
    /// Before the next try. None before the second.
    pause: Option<Duration>,
}

impl RoomWait {
    /// That of one operation, not beyond the `end` of its request.
    pub(crate) fn begin(patience: Patience, end: Option<Instant>) -> Self {
        let own = if let Patience::Until(end, deadline) = patience { Some((end, deadline)) } else { None };
        let whole = end.map(|end| (end, Deadline::Request));
        RoomWait { end: own.into_iter().chain(whole).min_by_key(|(end, _)| *end), pause: None }
    }

    /// Comes back when there may be room.
    pub(crate) fn for_room(&mut self, socket: &Socket) -> io::Result<()> {
        if self.pause.is_none() {
            waiting::announce();
        }
        let left = self.left(socket)?;
        let slice = left.min(SLICE).try_into().ok();
        match poll(&mut [PollFd::new(socket, PollFlags::OUT)], slice.as_ref()) {
            Ok(0) | Err(Errno::INTR) => return Ok(()),
            result => result?,
        };
        // That doesn't say much: Linux calls a Unix socket writable whose peer's queue is full. So it is tried again, more and more rarely.
        let pause = self.pause.map_or(Duration::ZERO, |pause| pause.max(Duration::from_millis(1)));
        thread::sleep(pause.min(left));
        self.pause = Some((pause * 2).min(SLICE));
        Ok(())
    }

    /// How much time there is; fails if there is none.
    fn left(&self, socket: &Socket) -> io::Result<Duration> {
        let ends = self.end.into_iter().chain(socket.deadline());
        let Some((end, deadline)) = ends.min_by_key(|(end, _)| *end) else { return Ok(SLICE) };
        match end.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(TimedOut::new(deadline).into()),
            left => Ok(left),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::UnixDatagram;
    use std::path::PathBuf;

    /// One who never reads, and whose queue is full; and how to send more.
    fn deaf(folder: &tempfile::TempDir) -> (UnixDatagram, UnixDatagram, PathBuf) {
        let path = folder.path().join("deaf");
        let (deaf, sender) = (UnixDatagram::bind(&path).unwrap(), UnixDatagram::unbound().unwrap());
        sender.settimeout(Some(Duration::ZERO));
        while sender.sendto(b"?", &path).is_ok() {}
        (deaf, sender, path)
    }

    fn limit(result: io::Result<usize>) -> Deadline {
        TimedOut::of(&result.unwrap_err()).expect("a limit has passed").deadline
    }

    #[test]
    fn it_is_over_at_the_nearest_limit() {
        let folder = tempfile::tempdir().unwrap();
        let (_deaf, sender, path) = deaf(&folder);
        assert_eq!(sender.sendto(b"?", &path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        sender.settimeout(Some(Duration::from_millis(5)));
        assert_eq!(limit(sender.sendto(b"?", &path)), Deadline::Write);
        let raw = crate::UnixAddress::from(&path).to_raw().unwrap();
        let now = Some(Instant::now());
        assert_eq!(limit(sender.send_datagram_until(b"?", &raw, now)), Deadline::Request);
    }

    #[test]
    fn it_sees_a_deadline_that_is_set_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let (_deaf, sender, path) = deaf(&folder);
        sender.settimeout(Some(Duration::from_secs(3600)));
        thread::scope(|scope| {
            let waits = scope.spawn(|| sender.sendto(b"?", &path));
            sender.set_deadline(Some((Instant::now(), Deadline::Request)));
            assert_eq!(limit(waits.join().unwrap()), Deadline::Request);
        });
    }

    #[test]
    fn it_is_over_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let (deaf, sender, path) = deaf(&folder);
        sender.settimeout(Some(Duration::from_secs(3600)));
        thread::scope(|scope| {
            let waits = scope.spawn(|| sender.sendto(b"late", &path));
            deaf.recv(&mut [0; 8]).unwrap();
            assert_eq!(waits.join().unwrap().unwrap(), 4);
        });
    }
}
