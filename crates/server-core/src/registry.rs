//! The requests in progress, so that they can be ended from outside.

use parking_lot::{Mutex, MutexGuard};
use socketserver_net::Wire;
use std::{collections::HashMap, fmt, mem, net::Shutdown, sync::Weak};

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
pub(crate) struct Registry(Mutex<HashMap<u64, Closer>>);

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

    /// Ends all of them; they still have to notice. Says how many hadn't been ended before.
    pub(crate) fn close_all(&self) -> u64 {
        let mut ended = 0;
        for closer in self.0.lock().values_mut() {
            ended += 1;
            match mem::replace(closer, Closer::Done) {
                Closer::Connection(wire) => {
                    if let Some(wire) = wire.upgrade() {
                        let _ = wire.shutdown(Shutdown::Both); // it may have ended by itself
                    }
                }
                Closer::Other(close) => close(),
                Closer::Done => ended -= 1,
            }
        }
        ended
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
