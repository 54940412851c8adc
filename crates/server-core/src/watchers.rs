//! Those who wait for the number of requests to change.

use socketserver_sys::{
    ForkMutex,
    sync::{AtomicUsize, ForkCondvar, ForkMutexGuard},
};
use std::{
    sync::{PoisonError, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

/// Costs a request two looks at a number while nobody waits.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    waiting: AtomicUsize,
    /// Grows with each change that somebody waits for.
    changes: ForkMutex<u64>,
    changed: ForkCondvar,
}

/// Counted as waiting.
struct Watching<'a>(&'a AtomicUsize);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Watchers {
    /// The number has changed.
    pub(crate) fn tell(&self) {
        // Changed before this look, as those who wait say so before they look: one of the two sees the other.
        if self.waiting.load(SeqCst) > 0 {
            *self.changes.lock() += 1;
            self.changed.notify_all();
        }
    }

    /// Waits until `is_so`, no longer than `until`; says whether it is. Looks at every change, and if `look_every` says so, as often as
    /// that.
    pub(crate) fn wait(
        &self,
        until: Instant,
        look_every: impl Fn() -> Option<Duration>,
        mut is_so: impl FnMut() -> bool,
    ) -> bool {
        self.waiting.fetch_add(1, SeqCst);
        let _watching = Watching(&self.waiting);
        loop {
            let seen = *self.changes.lock();
            if is_so() {
                return true; // asked outside the lock: it is the user's code
            }
            let now = Instant::now();
            if now >= until {
                return false;
            }
            let patience = (until - now).min(look_every().unwrap_or(Duration::MAX));
            let changes = self.changes.lock();
            let waited = self.changed.wait_timeout_while(changes, patience, |changes| *changes == seen);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// For a fork: while this is held, nobody else holds it.
    pub(crate) fn hold(&self) -> ForkMutexGuard<'_, u64> {
        self.changes.lock()
    }

    /// For a process that begins anew.
    pub(crate) fn forget(&self) {
        self.waiting.store(0, SeqCst);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
