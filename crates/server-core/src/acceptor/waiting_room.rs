//! Clients that have been accepted and wait, for a while, until there is room for them.

use super::{Accepted, Acceptor, Role, waiting::Way};
use crate::{Job, Refusal, ServerHooks, Transport, job::close_in_child, limit::Policy};
use socketserver_sys::{Child, ForkMutex};
use std::{
    any::Any,
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::{Duration, Instant},
};

/// Those who have come first are in front. All acceptors of a process share it, so that clients don't wait for one that is busy.
#[derive(Default)]
pub(crate) struct WaitingRoom {
    /// To be read without the lock.
    length: AtomicUsize,
    clients: ForkMutex<VecDeque<Client>>,
}

struct Client {
    until: Option<Instant>,
    /// A [`Job`] of the server's types, of which the server's own type must not say more than it does.
    job: Box<dyn Any + Send>,
}

/// So many wait at most: each has a descriptor.
const SEATS: usize = 1024;

impl WaitingRoom {
    pub(crate) fn is_empty(&self) -> bool {
        self.length.load(SeqCst) == 0
    }

    fn is_full(&self) -> bool {
        self.length.load(SeqCst) >= SEATS
    }

    fn push<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>, time: Duration) {
        let mut clients = self.clients.lock();
        clients.push_back(Client { until: Instant::now().checked_add(time), job: Box::new(job) });
        self.length.store(clients.len(), SeqCst);
    }

    /// The first of those who `may`.
    fn pop<T: Transport, S: ServerHooks<T>>(&self, may: impl FnMut(&Client) -> bool) -> Option<Job<T, S>> {
        let mut clients = self.clients.lock();
        let place = clients.iter().position(may);
        let client = place.and_then(|place| clients.remove(place));
        self.length.store(clients.len(), SeqCst);
        // It is of these types: no other server has this room. One that weren't would be closed by its drop, and counted.
        client.and_then(|it| it.job.downcast().ok()).map(|job| *job)
    }

    pub(super) fn next_end(&self) -> Option<Instant> {
        // Not that of the first: the time that who comes may wait can be made shorter.
        if self.is_empty() { None } else { self.clients.lock().iter().filter_map(|it| it.until).min() }
    }

    /// In a forked child: their descriptors are the parent's to keep open.
    pub(crate) fn close_in_child<T: Transport, S: ServerHooks<T>>(&self, child: &Child) {
        // Another thread of the parent may have held the lock.
        let Some(clients) = self.clients.try_lock() else { return };
        for job in clients.iter().filter_map(|it| it.job.downcast_ref::<Job<T, S>>()) {
            close_in_child(job.request(), child);
        }
    }

    /// The server stops: nobody will come for them.
    pub(crate) fn clear<T: Transport, S: ServerHooks<T>>(&self) {
        while !self.is_empty()
            && let Some(job) = self.pop::<T, S>(|_| true)
        {
            job.reject_because(Refusal::Draining);
        }
    }
}

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// Whether a client that comes at a limit with this policy stays in the backlog.
    pub(super) fn holds_up(&self, policy: Policy) -> bool {
        match policy {
            Policy::Backlog => true,
            Policy::Reject => false,
            // One that serves a single request is gone before the others' time has come; when the server stops nobody comes to wait.
            Policy::Wait(_) => {
                self.role == Role::ForOne
                    || self.shared.core.is_stopping()
                    || self.shared.waiting_room.is_full()
            }
        }
    }

    /// Takes in a client for which there is no room.
    pub(super) fn keep_waiting(&self, job: Job<T, S>, time: Duration) {
        self.shared.core.registry.set_waits(job.parts().ticket.id(), true);
        self.shared.waiting_room.push(job, time);
    }

    /// We may be busy for long, or leave: others have to know of those who wait, who may have come since they went to sleep.
    pub(super) fn hand_over_waiting(&self) {
        if !self.shared.waiting_room.is_empty() {
            self.shared.core.waker.wake();
        }
    }

    /// Looks after those who linger, turns away those who have waited too long, and takes in the first of the others if there is room.
    pub(super) fn call_in(&self, way: Way) -> Option<Accepted<T, S>> {
        let (core, waiting) = (&self.shared.core, &self.shared.waiting_room);
        if self.role == Role::Loop {
            self.shared.lingering.tend();
        }
        if waiting.is_empty() {
            return None;
        }
        if core.is_stopping() && (self.role == Role::ForOne || !self.has_waiting_to_serve()) {
            waiting.clear::<T, S>();
            return None;
        }
        let now = Instant::now();
        while let Some(job) = waiting.pop::<T, S>(|first| first.until.is_some_and(|until| until <= now)) {
            job.reject_because(Refusal::WaitedTooLong);
        }
        let may = matches!(way, Way::Open | Way::Full | Way::Paused) && core.gate.try_enter();
        if !may {
            return None;
        }
        let Some(mut job) = waiting.pop::<T, S>(|_| true) else {
            core.left(); // another acceptor has been faster
            return None;
        };
        core.registry.set_waits(job.parts().ticket.id(), false);
        // Who was inside may have been ended by force a moment ago, and this one left out.
        if core.is_stopping() && !self.may_serve_at_stop() {
            core.left();
            job.reject_because(Refusal::Draining);
            return None;
        }
        job.take_place();
        self.hand_over_waiting();
        Some(Accepted::Job(job))
    }
}

impl std::fmt::Debug for WaitingRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WaitingRoom").field("length", &self.length).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
