//! The listening socket's place in a server: open, or closed for good; and those of others beside it.

use crate::{
    Backlog, Transport,
    core::{Core, Door},
};
use socketserver_sys::{Child, ForkMutex, sync::ForkMutexGuard};
use std::{
    fmt, io, mem, process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

/// Holds the transport while the server is open. The loop, while it runs, holds a share of its own.
#[derive(Debug)]
pub(crate) struct Listening<T>(ForkMutex<Sockets<T>>);

/// The sockets of a server.
#[derive(Debug)]
pub(crate) struct Sockets<T> {
    /// The server's own.
    first: Option<Arc<T>>,
    /// On the same address, each for one process or thread. They are kept here so that who waits in one of them isn't lost with those.
    more: Vec<Arc<T>>,
}

impl<T> Listening<T> {
    pub(crate) fn new(transport: T) -> Self {
        Listening(ForkMutex::new(Sockets { first: Some(Arc::new(transport)), more: Vec::new() }))
    }

    pub(crate) fn get(&self) -> Option<Arc<T>> {
        self.0.lock().first.clone()
    }

    /// All that are open.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        let sockets = self.0.lock();
        sockets.first.iter().chain(&sockets.more).cloned().collect()
    }

    /// Held across a fork, so that the child's copy isn't locked by a thread that it doesn't have.
    pub(crate) fn hold(&self) -> ForkMutexGuard<'_, Sockets<T>> {
        self.0.lock()
    }

    fn take(&self) -> Vec<Arc<T>> {
        let mut sockets = self.0.lock();
        sockets.first.take().into_iter().chain(mem::take(&mut sockets.more)).collect()
    }

    /// For a forked child, where another thread of the parent may have held the lock for ever.
    pub(crate) fn try_with(&self, use_it: impl FnOnce(&T)) {
        if let Some(sockets) = self.0.try_lock()
            && let Some(transport) = &sockets.first
        {
            use_it(transport);
        }
    }
}

impl<T: Transport> Listening<T> {
    /// Does something to all that are open, or to none. Held meanwhile, so that none is opened beside them.
    fn all_or_none(
        &self,
        act: impl Fn(&T) -> io::Result<()>,
        undo: impl Fn(&T) -> io::Result<()>,
    ) -> io::Result<()> {
        let sockets = self.0.lock();
        let first = sockets.first.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let all = || [first].into_iter().chain(&sockets.more);
        for (done, transport) in all().enumerate() {
            if let Err(error) = act(transport) {
                all().take(done).for_each(|it| drop(undo(it))); // the first error is the one to be told
                return Err(error);
            }
        }
        Ok(())
    }

    /// Closes those that are more than `count`.
    pub(crate) fn truncate(&self, count: usize) {
        self.0.lock().truncate(count);
    }
}

impl<T: Transport> Sockets<T> {
    /// The one of this number: the server's own is 0, others are opened when they are first wanted.
    pub(crate) fn get(&mut self, number: usize) -> io::Result<Arc<T>> {
        let first = self.first.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        while self.more.len() < number {
            self.more.push(Arc::new(first.another()?));
        }
        Ok(number.checked_sub(1).map_or(first, |place| &self.more[place]).clone())
    }

    pub(crate) fn count(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    pub(crate) fn truncate(&mut self, count: usize) {
        self.more.truncate(count.saturating_sub(1));
    }

    /// In a worker process: from now on `own` is the only one. While it had others open, those who wait there would wait for ever when
    /// nobody accepts there any more.
    pub(crate) fn keep_only(&mut self, own: &Arc<T>, child: &Child) {
        for socket in self.first.replace(own.clone()).into_iter().chain(mem::take(&mut self.more)) {
            if !Arc::ptr_eq(&socket, own) {
                child.close_inherited(socket.readiness());
            }
            mem::forget(socket); // what is closed is not to be closed again
        }
    }
}

impl<T: Transport> Door for Listening<T> {
    fn hold(&self, hold: bool) -> io::Result<()> {
        self.all_or_none(|it| it.hold_port(hold), |it| it.hold_port(!hold))
    }
    fn close(&self) -> io::Result<()> {
        self.all_or_none(T::close_port, T::reopen_port)
    }
    fn reopen(&self) -> io::Result<()> {
        self.all_or_none(T::reopen_port, T::close_port)
    }
    fn end_waits(&self, end: bool) {
        self.all().iter().for_each(|transport| transport.end_waits(end));
    }
    fn waiting(&self) -> usize {
        self.all().iter().filter_map(|transport| transport.backlog()).sum()
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

    pub(crate) fn close(&self) {
        // Outside the lock: it may be a user's transport. A loop that is about to end has a share, and does the same.
        for transport in self.listening.take() {
            // It may be a user's transport, of which there are others, and which may panic.
            self.core.hook("server_close", || {
                if let Some(transport) = Arc::into_inner(transport)
                    && self.may_refuse(&transport)
                {
                    (self.refuse)(&transport);
                }
            });
        }
        self.core.give_up_descriptors();
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
