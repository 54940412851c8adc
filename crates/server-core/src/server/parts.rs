//! What a server gives of itself: its address, its socket, its state, its counts, a handle.

use super::Server;
use crate::{Handle, MixIn, ServerHooks, Stats, Transport};
use socket2::SockRef;
use std::{
    io,
    os::fd::{AsRawFd, RawFd},
    sync::Arc,
};

impl<T: Transport, H, M: MixIn, S: ServerHooks<T>> Server<T, H, M, S> {
    /// A handle that steers the server from anywhere.
    pub fn handle(&self) -> Handle {
        Handle(self.shared.core.clone())
    }

    /// The address to connect to: with the port that the system chose, if 0 was asked for.
    pub fn server_address(&self) -> T::Address {
        self.address.clone()
    }

    /// The number of the listening descriptor; −1 after [`server_close`](Self::server_close), as in Python.
    /// [`socket`](Self::socket) gives it as [`AsFd`](std::os::fd::AsFd).
    pub fn fileno(&self) -> RawFd {
        self.listening.listening.get().map_or(-1, |transport| transport.readiness().as_raw_fd())
    }

    /// The listening end, shared; `None` after [`server_close`](Self::server_close). Whoever keeps it keeps the port. Python: `server.socket`.
    pub fn socket(&self) -> Option<Arc<T>> {
        self.listening.listening.get()
    }

    /// Sets options of the listening socket, by the typed setters of [`socket2`].
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) after `server_close`, and what `set` returns.
    pub fn setsockopt<R>(&self, set: impl FnOnce(&SockRef<'_>) -> io::Result<R>) -> io::Result<R> {
        let transport = self.listening.listening.get().ok_or(io::ErrorKind::NotConnected)?;
        let descriptor = transport.readiness();
        set(&SockRef::from(&descriptor))
    }

    /// The state that handlers share.
    pub fn state(&self) -> &S {
        &self.shared.state
    }

    /// The mix-in: `server.mixin().active_children()`.
    pub fn mixin(&self) -> &M {
        &self.mixin
    }

    /// Counts of what the server has done.
    pub fn stats(&self) -> Stats {
        self.shared.core.stats()
    }
}
