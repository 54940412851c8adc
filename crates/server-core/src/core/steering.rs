//! What can be changed while the server runs: whether anything is accepted, and the limits, in worker processes too; and who has to go.

use super::Core;
use super::workers::tell;
use crate::{Limit, slot::Wish};
use std::sync::{Weak, atomic::Ordering::SeqCst};

impl Core {
    /// Whether nothing is to be accepted for now.
    pub(crate) fn is_suspended(&self) -> bool {
        self.suspended.load(SeqCst)
    }

    /// Nothing is accepted from now on, or everything again.
    pub(crate) fn suspend(&self, suspended: bool) {
        let workers = self.workers.lock(); // held, so that none is forked in between
        self.suspended.store(suspended, SeqCst);
        self.waker.open(!suspended);
        tell(&workers, Wish::Suspend(suspended));
    }

    /// Changes the limit, in worker processes too; who waits looks whether it is still to wait.
    pub(crate) fn set_limit(&self, limit: Limit) {
        let workers = self.workers.lock(); // held, so that none is forked in between
        for _ in 0..self.gate.set_limit(limit) {
            self.waker.make_room();
        }
        tell(&workers, Wish::Limit(limit));
    }

    /// Changes the limit of connections from one peer, in worker processes too.
    pub(crate) fn limit_peers(&self, max: Option<usize>) {
        let workers = self.workers.lock();
        self.registry.limit_peers(max);
        tell(&workers, Wish::LimitPeers(max));
    }

    /// Ends by force what is in progress in this process; it still has to notice.
    pub(crate) fn force(&self) {
        self.registry.close_all(|requests| self.counters.forced(requests as u64));
        self.end_waits(true);
    }

    /// Ends waits in the listening socket's own operations, in which there are replies to datagrams; or lets such be again, before it serves.
    pub(super) fn end_waits(&self, end: bool) {
        let has_ended = self.waits_ended.swap(end, SeqCst);
        if (end || has_ended)
            && let Some(door) = self.door.get().and_then(Weak::upgrade)
        {
            self.hook("end_waits", || door.end_waits(end)); // it may be a user's transport
        }
    }

    /// Whether a connection is being ended by force. Looks at a number only, while none has ever been.
    pub(crate) fn is_forced(&self, id: u64) -> bool {
        self.counters.has_forced() && self.registry.is_ended(id)
    }
}
