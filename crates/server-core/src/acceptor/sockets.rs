//! Accepting on one of several sockets, alone.

use super::{Accepted, Acceptor};
use crate::{Job, ServerHooks, Transport, backlog::refuse_prefetched};
use std::{
    io,
    ops::ControlFlow,
    sync::{Arc, atomic::AtomicBool},
};

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// Opens sockets on the server's address until there are so many; its own is the first. The system spreads clients over all of them,
    /// be there somebody who accepts on each or not. They stay open until they are [closed](Self::close_sockets), or the server is.
    ///
    /// # Errors
    /// What [`Transport::another`] says; [`NotConnected`](io::ErrorKind::NotConnected) if the server has been closed;
    /// [`Unsupported`](io::ErrorKind::Unsupported) in a worker process, whose socket is its parent's to give.
    pub fn open_sockets(&self, count: usize) -> io::Result<()> {
        self.socket(count.saturating_sub(1)).map(drop)
    }

    /// Closes this process's copies of those sockets that are more than `count`, never the server's own. Clients who wait in one are lost
    /// with its last copy.
    pub fn close_sockets(&self, count: usize) {
        self.shared.listening.truncate(count);
    }

    /// A [clone](Clone) that accepts on the socket of this number, alone: 0 is the server's own, others are opened when they are first
    /// needed.
    ///
    /// # Errors
    /// As [`open_sockets`](Self::open_sockets).
    pub fn on_socket(&self, number: usize) -> io::Result<Self> {
        let transport = self.socket(number)?;
        let mut this = self.clone();
        this.transport = Arc::downgrade(&transport);
        this.has_own_socket = true;
        this.was_cloned = AtomicBool::new(false);
        Ok(this)
    }

    fn socket(&self, number: usize) -> io::Result<Arc<T>> {
        if number > 0 && self.shared.core.worker().is_some() {
            let reason = "a worker process has the socket that its parent has given it";
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
        self.shared.listening.hold().get(number)
    }

    /// Whether there are requests that were received ahead on a socket that is this acceptor's alone: nobody else can serve them.
    pub fn has_received(&self) -> bool {
        self.has_own_socket
            && self.transport.upgrade().is_some_and(|transport| self.shared.core.has_prefetched(&*transport))
    }

    /// The next of those requests that were received ahead on a socket that is this acceptor's alone, after it has stopped; what there is no time
    /// or room for is turned away.
    pub fn take_received(&mut self) -> Option<Job<T, S>> {
        let transport = self.transport.upgrade()?;
        while self.has_own_socket && self.has_time_for_prefetched(&transport) {
            match self.try_accept(&transport, false) {
                Ok(ControlFlow::Break(Accepted::Job(job))) => return Some(job),
                Ok(ControlFlow::Break(_)) => {}
                Ok(ControlFlow::Continue(())) | Err(_) => break,
            }
        }
        if self.has_own_socket {
            refuse_prefetched(&self.shared, &transport);
        }
        None
    }
}
