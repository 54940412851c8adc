//! Waking a loop that waits for clients: at once, from any thread, without polling.

use crate::{
    bell::Bell,
    crowd::{Crowd, Relay},
    sync::poll,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec},
    io::Errno,
};
use socketserver_sys::{ForkMutex, sync::ForkMutexGuard};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// Wakes a loop. Closed with the server, so that a handle which outlives it keeps no descriptor open.
#[derive(Debug)]
pub(crate) struct Waker(ForkMutex<Option<Arc<Bells>>>);

#[derive(Debug)]
pub(crate) struct Bells {
    /// Readable until it is silenced: all who wait see it, but for those who are slower than the first that silences it. So it is for what
    /// any of them may do, and for a stop, which is visible for as long as it lasts.
    wake: Bell,
    /// For the loop alone, whatever others are woken for.
    own: Bell,
    /// Rung once for each place that has become free: wakes one of those who wait for room.
    room: Bell,
    /// Readable while the server isn't suspended: all who wait for that see it. Made when it is first needed.
    open: OnceLock<Bell>,
}

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Waker(ForkMutex::new(Some(Bells::new()?))))
    }

    /// Wakes whoever waits, and whoever is about to.
    pub(crate) fn wake(&self) {
        if let Some(bells) = &*self.0.lock() {
            bells.wake.ring();
        }
    }

    /// Wakes the loop of `serve_forever`, now or when it waits next: for what nobody else does.
    pub(crate) fn wake_loop(&self) {
        if let Some(bells) = &*self.0.lock() {
            bells.own.ring();
        }
    }

    /// Wakes everybody, the loop in any case.
    pub(crate) fn wake_all(&self) {
        if let Some(bells) = &*self.0.lock() {
            bells.own.ring();
            bells.wake.ring();
        }
    }

    /// Lets waits last again.
    pub(crate) fn reset(&self) {
        if let Some(bells) = &*self.0.lock() {
            bells.wake.silence();
        }
    }

    /// Wakes one of those who wait for room, now or next.
    pub(crate) fn make_room(&self) {
        if let Some(bells) = &*self.0.lock() {
            bells.room.ring();
        }
    }

    /// Lets those who wait for an open server through, or not.
    pub(crate) fn open(&self, open: bool) {
        if let Some(bells) = &*self.0.lock() {
            match open {
                true => bells.open_gate(),
                false => drop(bells.close_gate()), // without a descriptor they look again and again
            }
        }
    }

    /// For a fork: while this is held, nobody else holds it.
    pub(crate) fn hold(&self) -> ForkMutexGuard<'_, Option<Arc<Bells>>> {
        self.0.lock()
    }

    /// Whether the descriptors have been given up.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.lock().is_none()
    }

    /// Gives the descriptors up. A wait that is still in them keeps them for so long.
    pub(crate) fn close(&self) {
        *self.0.lock() = None;
    }
}

/// What a wait ended with. All may be true at once, and none if the time was up.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) woken: bool,
    /// There may be a request, or room for one, whichever was waited for.
    pub(crate) request: bool,
    pub(crate) mixin: bool,
    pub(crate) signal: bool,
    /// By another acceptor, because there may be a request.
    pub(crate) called: bool,
}

/// What a wait is for, beside a wake-up.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) request: Option<BorrowedFd<'a>>,
    /// Instead of a request, that the server is open again.
    pub(crate) open: bool,
    /// Not for a wake-up, which has come already.
    pub(crate) deaf: bool,
    /// For what only the loop is woken for, too.
    pub(crate) is_loop: bool,
    /// Beside a request, or instead of one, room for one.
    pub(crate) room: bool,
    pub(crate) mixin: Option<BorrowedFd<'a>>,
    pub(crate) signals: [Option<BorrowedFd<'a>>; 2],
    pub(crate) until: Option<Instant>,
}

impl Waker {
    /// Waits until it is woken, one of the descriptors is readable, or the time has come.
    pub(crate) fn wait(&self, wanted: Wanted<'_>) -> io::Result<Ready> {
        let Some(bells) = self.0.lock().clone() else {
            return Ok(Ready { woken: true, ..Ready::default() }); // closed: there is nothing to wait for
        };
        let wake = bells.wake.as_fd();
        let gate = if wanted.open { bells.open.get() } else { None };
        let request = gate.map(Bell::as_fd).or(wanted.request);
        let room = wanted.room.then(|| bells.room.as_fd());
        // Where there is no descriptor for it, somebody must look.
        let unseen = (wanted.open && gate.is_none()).then(|| Instant::now() + Duration::from_millis(20));
        let until = wanted.until.into_iter().chain(unseen).min();
        let own = wanted.is_loop.then(|| bells.own.as_fd());
        let [signal, other] = wanted.signals;
        let wanted = [(!wanted.deaf).then_some(wake), own, request, room, wanted.mixin, signal, other];
        let mut slots = wanted.map(|_| PollFd::from_borrowed_fd(wake, PollFlags::IN));
        // No more than are wanted, in front: a process may have few descriptors.
        let mut count = 0;
        let places = wanted.map(|fd| {
            slots[count] = PollFd::from_borrowed_fd(fd?, PollFlags::IN);
            count += 1;
            Some(count - 1)
        });
        loop {
            match poll(&mut slots[..count], left(until).as_ref()) {
                Err(Errno::INTR) => continue,
                // "The nfds value exceeds the RLIMIT_NOFILE value."
                Err(Errno::INVAL) => return Err(Errno::MFILE.into()),
                Err(error) => return Err(error.into()),
                Ok(_) => break,
            }
        }
        let [woken, own, request, room, mixin, signal, other] =
            places.map(|place| place.is_some_and(|place| !slots[place].revents().is_empty()));
        if own {
            bells.own.silence();
        }
        if room {
            bells.room.silence(); // this one place; who waits beside us hears of the next
        }
        Ok(Ready { woken, request: request || room, mixin, signal: signal || other, called: false })
    }

    /// What one of several acceptors waits by, so that a client wakes one of them; `None` where the system can't do that.
    pub(crate) fn crowd(
        &self,
        listener: BorrowedFd<'_>,
        signals: [Option<BorrowedFd<'_>>; 2],
        relay: Option<Arc<Relay>>,
        is_loop: bool,
    ) -> Option<Crowd> {
        Crowd::join(self.0.lock().clone()?, listener, signals, relay, is_loop)
    }
}

impl Bells {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        let (wake, own, room) = (Bell::new()?, Bell::new()?, Bell::one_by_one()?);
        Ok(Arc::new(Bells { wake, own, room, open: OnceLock::new() }))
    }

    fn open_gate(&self) {
        if let Some(bell) = self.open.get() {
            bell.ring();
        }
    }

    /// Whoever looks at the gate from now on waits.
    pub(crate) fn close_gate(&self) -> io::Result<()> {
        if self.open.get().is_none() {
            let _ = self.open.set(Bell::new()?); // another thread may have been faster
        }
        if let Some(bell) = self.open.get() {
            bell.silence();
        }
        Ok(())
    }

    #[cfg(any(target_os = "linux", target_os = "android"))] // where there are crowds
    pub(crate) fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// What the loop alone is woken by, and silences.
    #[cfg(any(target_os = "linux", target_os = "android", test))] // as above
    pub(crate) fn own(&self) -> &Bell {
        &self.own
    }
}

/// How long it is until then; never more than a day, which any system call can take.
pub(crate) fn left(until: Option<Instant>) -> Option<Timespec> {
    let left = until?.saturating_duration_since(Instant::now());
    Some(left.min(Duration::from_secs(86_400)).try_into().unwrap_or_default())
}
