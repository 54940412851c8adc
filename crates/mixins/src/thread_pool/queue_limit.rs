//! How many requests may wait for a worker: a number that may change while they do.

use socketserver_core::Bell;
use socketserver_sys::SharedWords;
use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// Known to the mix-in and to its crew. Has no lock, since a pool may be the copy that a forked process has; the number is the same for all
/// of those copies.
#[derive(Debug)]
pub(crate) struct QueueLimit {
    /// The greatest number is none at all.
    shared: Option<SharedWords>,
    /// Instead of it, where there was no memory to share.
    own: AtomicU64,
    /// Calls for the thread that looks after the workers, by others too. Made when it is first needed.
    bell: OnceLock<Arc<Bell>>,
}

impl QueueLimit {
    pub(crate) fn new(limit: Option<usize>) -> Arc<Self> {
        let this =
            QueueLimit { shared: SharedWords::new(1).ok(), own: AtomicU64::new(0), bell: OnceLock::new() };
        this.set(limit);
        Arc::new(this)
    }

    /// `None` if nobody is to be taken in while all workers are busy.
    pub(crate) fn get(&self) -> Option<usize> {
        let limit = self.word().load(SeqCst);
        (limit != u64::MAX).then(|| usize::try_from(limit).unwrap_or(usize::MAX))
    }

    pub(crate) fn set(&self, limit: Option<usize>) {
        self.word().store(limit.map_or(u64::MAX, |limit| limit as u64), SeqCst);
        if let Some(bell) = self.bell.get() {
            bell.ring(); // more may be taken in now, or fewer; a forked process sees it when it looks next
        }
    }

    fn word(&self) -> &AtomicU64 {
        self.shared.as_ref().and_then(|words| words.first()).unwrap_or(&self.own)
    }

    pub(crate) fn bell(&self) -> io::Result<Arc<Bell>> {
        if let Some(bell) = self.bell.get() {
            return Ok(bell.clone());
        }
        let made = Arc::new(Bell::new()?);
        Ok(self.bell.get_or_init(|| made).clone())
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
