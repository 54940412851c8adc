//! The listening socket's place in a server: open, or closed for good.

use crate::core::Core;
use parking_lot::Mutex;
use std::sync::Arc;

/// Holds the transport while the server is open. The loop, while it runs, holds a share of its own.
#[derive(Debug)]
pub(crate) struct Listening<T>(Mutex<Option<Arc<T>>>);

impl<T> Listening<T> {
    pub(crate) fn new(transport: T) -> Self {
        Listening(Mutex::new(Some(Arc::new(transport))))
    }

    pub(crate) fn get(&self) -> Option<Arc<T>> {
        self.0.lock().clone()
    }

    pub(crate) fn close(&self) {
        let taken = self.0.lock().take();
        drop(taken); // outside the lock: it may be a user's transport
    }

    /// For a forked child, where another thread of the parent may have held the lock for ever.
    pub(crate) fn try_with(&self, use_it: impl FnOnce(&T)) {
        if let Some(Some(transport)) = self.0.try_lock().as_deref() {
            use_it(transport);
        }
    }
}

/// Closes the listening socket with the server, and what wakes its loop, though handlers that still run keep the rest of it alive.
#[derive(Debug)]
pub(crate) struct CloseOnDrop<T>(pub(crate) Arc<Listening<T>>, pub(crate) Arc<Core>);

impl<T> Drop for CloseOnDrop<T> {
    fn drop(&mut self) {
        self.0.close();
        self.1.waker.close();
    }
}
