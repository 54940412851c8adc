//! One of several acceptors, in this process or another, waiting for clients of which each wakes one of them.

use crate::{
    bell::Bell,
    wake::{Bells, Ready},
};
use std::{io, os::fd::BorrowedFd, sync::Arc, time::Instant};

/// What wakes one of those who wait, in whichever process, if there may be a client that nobody comes for.
#[derive(Debug)]
pub(crate) struct Relay(Bell);

impl Relay {
    pub(crate) fn new() -> io::Result<Self> {
        Bell::one_by_one().map(Relay)
    }

    /// Wakes one that waits, or the next that is about to.
    pub(crate) fn call(&self) {
        self.0.ring();
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod by_epoll {
    use super::*;
    use crate::wake::left;
    use rustix::{event::epoll, io::Errno, system::uname};
    use std::{mem::MaybeUninit, os::fd::OwnedFd};

    const WAKE: u64 = 0;
    const REQUEST: u64 = 1;
    const SIGNAL: u64 = 2;
    const RELAY: u64 = 3;
    const OWN: u64 = 4;

    /// Where poll(2) wakes all who wait for a descriptor, for one of them to win, epoll(7) can be told to wake one (`EPOLLEXCLUSIVE`):
    /// the one that came first among those that wait at the moment. Each acceptor has an epoll of its own, made
    /// when it first waits.
    ///
    /// A wake-up is spent on the one that it woke. If that one doesn't take the client in after all, nobody would: it must [call](Relay::call)
    /// another.
    #[derive(Debug)]
    pub(crate) struct Crowd {
        epoll: OwnedFd,
        bells: Arc<Bells>,
        relay: Option<Arc<Relay>>,
    }

    impl Crowd {
        pub(crate) fn join(
            bells: Arc<Bells>,
            listener: BorrowedFd<'_>,
            signals: [Option<BorrowedFd<'_>>; 2],
            relay: Option<Arc<Relay>>,
            is_loop: bool,
        ) -> Option<Self> {
            if !wakes_one_for_each() {
                return None;
            }
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).ok()?;
            let key = epoll::EventData::new_u64;
            epoll::add(&epoll, bells.wake(), key(WAKE), epoll::EventFlags::IN).ok()?;
            if is_loop {
                epoll::add(&epoll, bells.own(), key(OWN), epoll::EventFlags::IN).ok()?;
            }
            for signal in signals.into_iter().flatten() {
                epoll::add(&epoll, signal, key(SIGNAL), epoll::EventFlags::IN).ok()?;
            }
            let exclusively = epoll::EventFlags::IN | epoll::EventFlags::EXCLUSIVE;
            if let Some(relay) = &relay {
                epoll::add(&epoll, &relay.0, key(RELAY), exclusively).ok()?;
            }
            let this = Crowd { epoll, bells, relay };
            this.queue_up(listener).ok()?;
            Some(this)
        }

        /// Goes to the end of the queue. Who stays where it came would be woken again before all others, whenever it waits.
        /// False if that has failed, and it hears of no client any more.
        pub(crate) fn step_back(&self, listener: BorrowedFd<'_>) -> bool {
            epoll::delete(&self.epoll, listener).is_ok() && self.queue_up(listener).is_ok()
        }

        fn queue_up(&self, listener: BorrowedFd<'_>) -> rustix::io::Result<()> {
            let exclusively = epoll::EventFlags::IN | epoll::EventFlags::EXCLUSIVE;
            epoll::add(&self.epoll, listener, epoll::EventData::new_u64(REQUEST), exclusively)
        }

        /// Waits until it is woken, there may be a request or something to hear, or the time has come.
        pub(crate) fn wait(&self, until: Option<Instant>) -> io::Result<Ready> {
            let mut room = [const { MaybeUninit::uninit() }; 6];
            loop {
                match epoll::wait(&self.epoll, &mut room, left(until).as_ref()) {
                    Err(Errno::INTR) => continue,
                    Err(error) => return Err(error.into()),
                    Ok((events, _)) => {
                        let is_ready = |key| events.iter().any(|event| event.data.u64() == key);
                        let (woken, request, signal) = (is_ready(WAKE), is_ready(REQUEST), is_ready(SIGNAL));
                        let called = is_ready(RELAY);
                        if is_ready(OWN) {
                            self.bells.own().silence();
                        }
                        if let Some(relay) = self.relay.as_ref().filter(|_| called) {
                            relay.0.silence(); // this one call
                        }
                        return Ok(Ready { woken, request: request || called, signal, mixin: false, called });
                    }
                }
            }
        }
    }

    /// Before Linux 5.7 a thread stayed in the queue until it ran, so two clients that came at once could wake the same one, which
    /// may be busy with the first for long while the second waits and others sleep.
    fn wakes_one_for_each() -> bool {
        let name = uname();
        let release = name.release().to_string_lossy();
        let mut numbers = release.split('.').map(|it| it.parse::<u32>().unwrap_or(0));
        (numbers.next(), numbers.next()) >= (Some(5), Some(7))
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use by_epoll::Crowd;

/// Where there is no such epoll there are no crowds: poll(2) wakes all, and one of them wins.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod by_poll {
    use super::*;

    #[derive(Debug)]
    pub(crate) enum Crowd {}

    impl Crowd {
        pub(crate) fn join(
            _bells: Arc<Bells>,
            _listener: BorrowedFd<'_>,
            _signals: [Option<BorrowedFd<'_>>; 2],
            _relay: Option<Arc<Relay>>,
            _is_loop: bool,
        ) -> Option<Self> {
            None
        }
        pub(crate) fn step_back(&self, _listener: BorrowedFd<'_>) -> bool {
            match *self {}
        }
        pub(crate) fn wait(&self, _until: Option<Instant>) -> io::Result<Ready> {
            match *self {}
        }
    }
}
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use by_poll::Crowd;
