//! What is different in a child that was forked for one request, and what it shares with its parent.

use super::{Core, workers::tell};
use crate::{
    nursery::Nursery,
    slot::{Wish, some_or_greatest},
};
use std::sync::{
    Arc,
    atomic::Ordering::{Relaxed, SeqCst},
};

impl Core {
    /// What children that are forked share with this process. Without it, for lack of memory, they do without.
    pub(crate) fn nursery(&self) -> Option<Arc<Nursery>> {
        let mut nursery = self.nursery.lock();
        if nursery.is_none() {
            let made = Nursery::new(self.draining.load(SeqCst), some_or_greatest(self.handshakes.max()));
            *nursery = made.ok().map(Arc::new);
        }
        nursery.clone()
    }

    /// From now on this is a forked child's copy.
    pub(crate) fn enter_child(&self, nursery: Option<Arc<Nursery>>) {
        self.in_child.store(true, Relaxed);
        if let Some(nursery) = nursery {
            let _ = self.of_parent.set(nursery); // it has one parent
        }
    }

    pub(crate) fn is_child(&self) -> bool {
        self.in_child.load(Relaxed)
    }

    /// In a child, what it shares with its parent.
    pub(super) fn of_parent(&self) -> Option<&Nursery> {
        self.of_parent.get().filter(|_| self.is_child()).map(|it| &**it)
    }

    /// Changes how many handshakes there may be at once, in worker processes and children too.
    pub(crate) fn limit_handshakes(&self, max: Option<usize>) {
        let workers = self.workers.lock(); // held, so that none is forked in between
        self.handshakes.set_max(max);
        if let Some(nursery) = &*self.nursery.lock() {
            nursery.set_max_handshakes(some_or_greatest(max));
        }
        tell(&workers, Wish::LimitHandshakes(max));
    }
}
