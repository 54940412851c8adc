//! Closing the port for a while, and opening it again.

use super::Core;
use crate::{
    Event,
    port::{HANDSHAKE, unsupported},
};
use std::{
    io,
    sync::{Weak, atomic::Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

/// What a handle, which knows no types, needs of a listening socket.
pub(crate) trait Door: Send + Sync {
    fn hold(&self, hold: bool) -> io::Result<()>;
    fn close(&self) -> io::Result<()>;
    fn reopen(&self) -> io::Result<()>;
    fn waiting(&self) -> usize;
    fn end_waits(&self, end: bool);
}

/// Worker processes have so long to take in those who wait.
const PATIENCE: Duration = Duration::from_secs(5);

impl Core {
    pub(crate) fn know_door(&self, door: Weak<dyn Door>) {
        let _ = self.door.set(door); // a server has one
    }

    /// Whether the port is closed; a worker process sees what its parent has done before it is told.
    pub(crate) fn is_port_closed(&self) -> bool {
        self.port_closed.load(SeqCst) || self.worker().is_some_and(|worker| worker.slot.is_port_closed())
    }

    /// Whether it ever was, so that what a loop has just seen of the socket may be out of date.
    pub(crate) fn was_port_closed(&self) -> bool {
        let was_in_parent = || self.worker().is_some_and(|worker| worker.slot.was_port_closed());
        self.port_was_closed.load(SeqCst) || was_in_parent()
    }

    pub(crate) fn close_port(&self) -> io::Result<()> {
        if self.is_child() || self.worker().is_some() {
            return Err(unsupported("the port is the parent's"));
        }
        let _turn = self.port_turn.lock();
        if self.is_port_closed() {
            return Ok(());
        }
        let door = self.door.get().and_then(Weak::upgrade).ok_or(io::ErrorKind::NotConnected)?;
        let was_suspended = self.is_suspended();
        if !self.workers.lock().is_empty() {
            door.hold(true)?;
            let emptied = self.let_workers_empty(&*door).and_then(|()| {
                thread::sleep(HANDSHAKE); // in which those may come who had knocked before
                self.let_workers_empty(&*door)
            });
            if emptied.is_err() {
                let _ = door.hold(false); // it could be held, too
                self.suspend(was_suspended);
            }
            emptied?;
        }
        self.port_closed.store(true, SeqCst); // before the socket's state can be seen
        self.port_was_closed.store(true, SeqCst);
        self.tell_workers_of_port(true);
        self.suspend(true);
        let closed = {
            let _none_is_forked = self.workers.lock();
            door.close()
        };
        if closed.is_err() {
            let _ = door.hold(false);
            self.port_closed.store(false, SeqCst);
            self.tell_workers_of_port(false);
            self.suspend(was_suspended);
        }
        self.waker.wake_all(); // there may be some to be served, or to be turned away by the loop
        closed
    }

    /// Worker processes accept those who wait: the parent could not serve them.
    fn let_workers_empty(&self, door: &dyn Door) -> io::Result<()> {
        let waiting = || self.hook("backlog", || door.waiting()).unwrap_or(0);
        if self.is_suspended() && waiting() > 0 {
            self.suspend(false);
        }
        let end = Instant::now() + PATIENCE;
        while waiting() > 0 {
            if Instant::now() >= end {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Accepts again; if the port was closed, listens first.
    pub(crate) fn reopen(&self) -> io::Result<()> {
        if !self.is_child() && self.worker().is_none() && self.port_closed.load(SeqCst) {
            let _turn = self.port_turn.lock();
            let door = self.door.get().and_then(Weak::upgrade).ok_or(io::ErrorKind::NotConnected)?;
            if let Err(error) = door.reopen() {
                self.emit(&Event::PortNotReopened { address: &self.address, error: &error });
                return Err(error);
            }
            self.port_closed.store(false, SeqCst);
            self.tell_workers_of_port(false);
        }
        self.suspend(false);
        Ok(())
    }

    fn tell_workers_of_port(&self, closed: bool) {
        self.workers.lock().iter().for_each(|link| link.slot.set_port_closed(closed));
    }
}
