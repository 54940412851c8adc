//! The requests in progress, so that they can be ended from outside.

use socketserver_net::Wire;
use socketserver_sys::ForkMutex;
use std::{
    collections::HashMap,
    fmt, mem,
    net::Shutdown,
    sync::{MutexGuard, Weak},
};

/// How a request in progress is ended by force.
pub(crate) enum Closer {
    /// By shutting its connection down: whatever blocks on it returns.
    Connection(Weak<dyn Wire>),
    /// By what the mix-in said, such as killing a child.
    Other(Box<dyn Fn() + Send>),
    /// It has been, and hasn't noticed yet.
    Done,
}

#[derive(Default)]
pub(crate) struct Registry(ForkMutex<HashMap<u64, Closer>>);

impl Registry {
    /// For a fork: while this is held, nobody else holds it.
    pub(crate) fn hold(&self) -> MutexGuard<'_, HashMap<u64, Closer>> {
        self.0.lock()
    }

    pub(crate) fn insert(&self, id: u64, closer: Closer) {
        self.0.lock().insert(id, closer);
    }

    pub(crate) fn remove(&self, id: u64) {
        self.0.lock().remove(&id);
    }

    /// Ends all of them; they still have to notice. How many hadn't been ended before is told first, so that nobody who sees
    /// one end misses it in the count.
    pub(crate) fn close_all(&self, tell: impl FnOnce(usize)) {
        let mut closers = self.0.lock();
        tell(closers.values().filter(|closer| !matches!(closer, Closer::Done)).count());
        for closer in closers.values_mut() {
            match mem::replace(closer, Closer::Done) {
                Closer::Connection(wire) => {
                    if let Some(wire) = wire.upgrade() {
                        let _ = wire.shutdown(Shutdown::Both); // it may have ended by itself
                    }
                }
                Closer::Other(close) => close(),
                Closer::Done => {}
            }
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
