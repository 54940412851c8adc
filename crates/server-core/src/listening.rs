//! The listening socket's place in a server: open, or closed for good.

use crate::{
    Backlog, Transport,
    core::{Core, Door},
};
use parking_lot::Mutex;
use std::{
    fmt, io, process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

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

    /// For a forked child, where another thread of the parent may have held the lock for ever.
    pub(crate) fn try_with(&self, use_it: impl FnOnce(&T)) {
        if let Some(Some(transport)) = self.0.try_lock().as_deref() {
            use_it(transport);
        }
    }
}

impl<T: Transport> Listening<T> {
    fn open(&self) -> io::Result<Arc<T>> {
        self.get().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<T: Transport> Door for Listening<T> {
    fn hold(&self, hold: bool) -> io::Result<()> {
        self.open()?.hold_port(hold)
    }
    fn close(&self) -> io::Result<()> {
        self.open()?.close_port()
    }
    fn reopen(&self) -> io::Result<()> {
        self.open()?.reopen_port()
    }
    fn waiting(&self) -> usize {
        self.open().ok().and_then(|transport| transport.backlog()).unwrap_or(0)
    }
}

/// Closes the listening socket with the server, and what wakes its loop, though handlers that still run keep the rest of it alive.
pub(crate) struct CloseOnDrop<T: Transport> {
    pub(crate) listening: Arc<Listening<T>>,
    pub(crate) core: Arc<Core>,
    /// Turns away those who wait in the backlog.
    pub(crate) refuse: Box<dyn Fn(&T) + Send + Sync>,
    /// The process that made or served it. In another one, which a program has forked by itself, this is but a copy.
    pub(crate) owner: AtomicU32,
}

impl<T: Transport> CloseOnDrop<T> {
    /// Whether those who wait in the backlog are this server's to turn away.
    pub(crate) fn may_refuse(&self, transport: &T) -> bool {
        let core = &self.core;
        let is_parents = core.is_child() || core.worker().is_some();
        let is_copy = self.owner.load(SeqCst) != process::id();
        !is_parents && !is_copy && core.at_stop.choice != Backlog::Leave && !transport.is_shared()
    }
}

impl<T: Transport> CloseOnDrop<T> {
    pub(crate) fn close(&self) {
        let taken = self.listening.0.lock().take();
        // Outside the lock: it may be a user's transport. A loop that is about to end has a share, and does the same.
        if let Some(transport) = taken
            && let Some(transport) = Arc::into_inner(transport)
            && self.may_refuse(&transport)
        {
            (self.refuse)(&transport);
        }
        self.core.waker.close();
    }
}

impl<T: Transport> Drop for CloseOnDrop<T> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<T: Transport> fmt::Debug for CloseOnDrop<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseOnDrop").field("core", &self.core).finish_non_exhaustive()
    }
}
