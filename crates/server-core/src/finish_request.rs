//! Making a handler and running it, as a hook sees it.

use crate::{PeerAddress, ServerHooks, Transport, server::Shared};
use socketserver_handlers::{HandlerResult, ServerRef};
use std::fmt;

/// The call that a [`finish_request`](ServerHooks::finish_request) hook is about.
pub struct FinishRequest<'a, T: Transport, S: ServerHooks<T>> {
    request: &'a mut T::Request,
    peer: &'a PeerAddress<T>,
    shared: &'a Shared<T, S>,
    server: ServerRef<'a, S>,
}

impl<'a, T: Transport, S: ServerHooks<T>> FinishRequest<'a, T, S> {
    pub(crate) fn new(
        request: &'a mut T::Request,
        peer: &'a PeerAddress<T>,
        shared: &'a Shared<T, S>,
        server: ServerRef<'a, S>,
    ) -> Self {
        FinishRequest { request, peer, shared, server }
    }

    /// The request.
    pub fn request(&mut self) -> &mut T::Request {
        self.request
    }

    /// Who it is from.
    pub fn client_address(&self) -> &PeerAddress<T> {
        self.peer
    }

    /// Makes a handler and runs it: setup, handle, finish. What Python's `finish_request` does.
    ///
    /// # Errors
    /// What the handler failed with.
    pub fn finish(self) -> HandlerResult {
        self.shared.class.serve(self.request, self.peer, self.server)
    }
}

impl<T: Transport, S: ServerHooks<T>> fmt::Debug for FinishRequest<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FinishRequest").field("client_address", self.peer).finish_non_exhaustive()
    }
}
