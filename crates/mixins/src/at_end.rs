//! Hearing of a thread's very end, so that nobody has to wait for it to find out.

use std::fmt;

/// Says that a thread is over: when its work is, and the values that user code has put into thread-locals have been dropped, which may take as
/// long as they like.
///
/// Made first of all on the thread, since what was put there first is dropped last. Where a system does it in another order, the thread says
/// so somewhat early.
#[must_use = "it is the end of the thread when this is dropped"]
pub(crate) struct AtEnd {
    /// In a model there are no such values: the end of the work is the end.
    #[cfg(loom)]
    _tell: Tell,
}

struct Tell(Box<dyn Fn()>);

impl Drop for Tell {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(not(loom))]
thread_local! {
    static LAST: std::cell::RefCell<Option<Tell>> = const { std::cell::RefCell::new(None) };
}

impl AtEnd {
    /// Calls `tell`, which doesn't panic, at the end of the calling thread, however that comes.
    pub(crate) fn call(tell: impl Fn() + 'static) -> Self {
        let tell = Tell(Box::new(tell));
        #[cfg(not(loom))]
        {
            LAST.with(|last| last.replace(Some(tell)));
            AtEnd {}
        }
        #[cfg(loom)]
        AtEnd { _tell: tell }
    }
}

impl fmt::Debug for AtEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtEnd")
    }
}
