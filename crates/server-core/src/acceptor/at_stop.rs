//! Those who are in the backlog when the server stops.

use super::{Acceptor, Role};
use crate::{Backlog, ServerHooks, Transport, backlog};
use std::{sync::atomic::Ordering::Relaxed, time::Instant};

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// Whether the server, which has been told to stop, has still to serve some of those who waited at that moment. For a mix-in whose
    /// threads accept: as long as this is so, they go on.
    pub fn is_serving_backlog(&self) -> bool {
        let core = &self.shared.core;
        core.is_stopping()
            && self.transport.upgrade().is_some_and(|transport| self.has_backlog_to_serve(&transport))
    }

    /// Whether this one is to take them in: not one that only looks after others.
    pub(super) fn serves_backlog(&self, transport: &T) -> bool {
        let takes_in = match self.role {
            Role::Loop => !self.was_cloned.load(Relaxed),
            Role::OneOfMany => true,
            Role::ForOne => false,
        };
        takes_in && self.has_backlog_to_serve(transport)
    }

    fn has_backlog_to_serve(&self, transport: &T) -> bool {
        let core = &self.shared.core;
        core.at_stop.choice == Backlog::Serve
            && core.drain_until().is_none_or(|until| Instant::now() < until)
            && !core.worker().is_some_and(|worker| worker.is_spent(core.counters.accepted_so_far()))
            && !core.waker.is_closed() // by a handler that has closed the server: nothing wakes us, and the rest is refused
            && core.at_stop.has_left(|| core.backlog_of(transport))
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
