//! Which servers a thread is inside of: it must not wait for their end, of which it is a part.

use super::Core;
#[cfg(loom)]
use socketserver_sys::sync::thread_local;
use std::cell::RefCell;

thread_local! {
    /// The servers that this thread is inside of: serving, or in one of their handlers. It must not wait for them.
    static INSIDE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Leaves when dropped.
pub(crate) struct Inside(usize);

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with(|inside| {
            let mut inside = inside.borrow_mut();
            if let Some(at) = inside.iter().rposition(|core| *core == self.0) {
                inside.remove(at);
            }
        });
    }
}

impl Core {
    pub(crate) fn enter(&self) -> Inside {
        let this = std::ptr::from_ref(self).addr();
        INSIDE.with(|inside| inside.borrow_mut().push(this));
        Inside(this)
    }

    /// Whether the calling thread is inside; a worker process is as a whole, since the end of the server is its parent's to wait for.
    pub(crate) fn is_inside(&self) -> bool {
        self.worker.get().is_some()
            || INSIDE.with(|inside| inside.borrow().contains(&std::ptr::from_ref(self).addr()))
    }
}
