//! Those who are in the backlog when the server stops.

use super::{Acceptor, Role};
use crate::{Backlog, ServerHooks, Transport, backlog};
use std::{sync::atomic::Ordering::Relaxed, time::Instant};

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// Whether the server, which has been told to stop, has still to serve some of those who waited at that moment. For a mix-in whose
    /// threads accept: as long as this is so, they go on.
    pub fn is_serving_backlog(&self) -> bool {
        let has_backlog =
            || self.transport.upgrade().is_some_and(|transport| self.has_backlog_to_serve(&transport));
        self.shared.core.is_stopping() && (has_backlog() || self.has_waiting_to_serve()) // who is in the backlog is counted now
    }

    /// Whether this one is to take them in: not one that only looks after others.
    pub(super) fn serves_backlog(&self, transport: &T) -> bool {
        self.takes_in_at_stop() && self.has_backlog_to_serve(transport)
    }

    /// The same of those who came out of the backlog before, and wait for room.
    pub(super) fn serves_waiting(&self) -> bool {
        self.takes_in_at_stop() && self.has_waiting_to_serve()
    }

    /// Whether somebody is to serve those, and there is going to be room.
    pub(super) fn has_waiting_to_serve(&self) -> bool {
        let gate = &self.shared.core.gate;
        let may_have_room = || !gate.is_full() || gate.inside() > 0;
        !self.shared.waiting_room.is_empty() && self.may_serve_at_stop() && may_have_room()
    }

    fn takes_in_at_stop(&self) -> bool {
        match self.role {
            Role::Loop => !self.was_cloned.load(Relaxed),
            Role::OneOfMany => true,
            Role::ForOne => false,
        }
    }

    fn has_backlog_to_serve(&self, transport: &T) -> bool {
        let core = &self.shared.core;
        self.may_serve_at_stop() && core.at_stop.has_left(|| core.backlog_of(transport))
    }

    pub(super) fn may_serve_at_stop(&self) -> bool {
        let core = &self.shared.core;
        core.at_stop.choice == Backlog::Serve
            && core.drain_until().is_none_or(|until| Instant::now() < until)
            && !core.worker().is_some_and(|worker| worker.is_spent(core.counters.accepted_so_far()))
            && !core.waker.is_closed() // by a handler that has closed the server: nothing wakes us, and the rest is refused
    }

    /// Whether the rest of them is given up: again and again something lacks to take one in, nobody is inside who would leave it behind, and
    /// no deadline ends it.
    pub(super) fn gives_up(&self) -> bool {
        let core = &self.shared.core;
        self.back_off.is_long() && core.gate.inside() == 0 && core.drain_until().is_none()
    }

    /// What the loop does before it says that the server has stopped.
    pub(super) fn refuse_backlog(&self, transport: &T) {
        let core = &self.shared.core;
        if self.role == Role::Loop
            && core.at_stop.choice == Backlog::Refuse
            && core.worker().is_none()
            && core.at_stop.has_left(|| core.backlog_of(transport))
        {
            core.at_stop.found_none(); // once
            let waiting = core.backlog_of(transport).unwrap_or(core.at_stop.most);
            backlog::refuse(&self.shared, transport, waiting);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
