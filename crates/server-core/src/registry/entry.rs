//! One request in progress, and how it is ended.

use crate::{ConnectionInfo, nursery::Seat};
use socketserver_handlers::guarded;
use socketserver_net::{Activity, Address, Shown, Traffic, Wire};
use std::{
    mem,
    net::Shutdown,
    sync::{Arc, Weak},
    time::Instant,
};

/// How a request in progress is ended by force.
pub(super) enum Closer {
    /// By shutting its connection down: whatever blocks on it returns.
    Connection(Weak<dyn Wire>),
    /// By what the mix-in said, such as killing a child.
    Other(Box<dyn Fn() + Send>),
    /// Not at all.
    Nothing,
}

pub(crate) struct Entry {
    pub(super) peer: Address,
    pub(super) since: Instant,
    pub(super) closer: Closer,
    /// It has been ended by force, and hasn't noticed yet.
    pub(super) is_ended: bool,
    /// It counts as one of its peer's.
    pub(super) is_peers: bool,
    /// It waits for room: nothing of it is in progress, and it is told to go by who would let it in.
    pub(super) waits: bool,
    /// The child that serves it.
    pub(super) child: Option<Child>,
}

pub(super) struct Child {
    pub(super) pid: i32,
    /// What it tells.
    pub(super) seat: Option<Arc<Seat>>,
    /// How it is told that the server stops.
    pub(super) tell: Box<dyn Fn() + Send>,
}

/// Who has been given a connection to serve.
pub(crate) struct ServedBy {
    pub(crate) pid: i32,
    pub(crate) seat: Option<Arc<Seat>>,
    pub(crate) kill: Box<dyn Fn() + Send>,
    /// That the server stops.
    pub(crate) tell: Box<dyn Fn() + Send>,
}

impl Entry {
    pub(super) fn end(&mut self) {
        if mem::replace(&mut self.is_ended, true) {
            return;
        }
        asked(|| match &self.closer {
            Closer::Connection(wire) => {
                if let Some(wire) = wire.upgrade() {
                    let _ = wire.shutdown(Shutdown::Both); // it may have ended by itself
                }
            }
            Closer::Other(close) => close(),
            Closer::Nothing => {}
        });
    }

    /// Ends its wait for the next request, if it is in one.
    pub(super) fn end_if_idle(&self) {
        asked(|| match &self.child {
            Some(child) => (child.tell)(),
            None => {
                if let Some(socket) = self.wire().as_ref().and_then(|wire| wire.socket()) {
                    socket.end_if_idle();
                }
            }
        });
    }

    fn wire(&self) -> Option<Arc<dyn Wire>> {
        if let Closer::Connection(wire) = &self.closer { wire.upgrade() } else { None }
    }

    /// As the child sees it that serves it, if there is one.
    fn shown(&self) -> Option<&Shown> {
        self.child.as_ref()?.seat.as_ref().map(|seat| &seat.shown)
    }

    /// Whether its client hasn't said anything yet.
    pub(super) fn is_new(&self) -> bool {
        let is_there = self.shown().is_some() || self.wire().is_some();
        is_there && !self.is_ended && self.traffic().bytes_in == 0
    }

    pub(super) fn traffic(&self) -> Traffic {
        match self.shown() {
            Some(shown) => shown.traffic(),
            None => asked(|| self.wire().map(|wire| wire.traffic()).unwrap_or_default()),
        }
    }

    fn activity(&self) -> Activity {
        match self.shown() {
            Some(shown) => shown.activity(),
            None => asked(|| self.wire().and_then(|wire| Some(wire.socket()?.activity())))
                .unwrap_or(Activity::InRequest),
        }
    }

    pub(super) fn info(&self, id: u64, now: Instant) -> ConnectionInfo {
        ConnectionInfo {
            id,
            peer: self.peer.clone(),
            age: now.saturating_duration_since(self.since),
            traffic: self.traffic(),
            activity: self.activity(),
            pid: self.child.as_ref().map(|child| child.pid),
        }
    }
}

/// Asks a wire, which may be the user's, or what a mix-in has said. One that panics has nothing to say: whoever lists all, counts them or ends them is not
/// to fail, nor to leave others out.
fn asked<R: Default>(code: impl FnOnce() -> R) -> R {
    guarded(|| Ok(code())).unwrap_or_default()
}
