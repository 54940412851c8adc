//! Calls user code: observers are told, hooks are run, and a panic in there ends nothing.

use super::Core;
use crate::{Event, Observer, Transport};
use socketserver_handlers::{Panicked, guarded};
use socketserver_net::Address;
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// See [`Core::run_as`].
pub(crate) struct RunsAs<'a> {
    core: &'a Core,
    id: u64,
}

impl Drop for RunsAs<'_> {
    fn drop(&mut self) {
        self.core.observe(|observer| observer.leave(self.id));
    }
}

impl Core {
    pub(crate) fn emit(&self, event: &Event<'_>) {
        let _inside = self.enter(); // it may shut the server down, and is itself what that waits for
        self.observe(|observer| observer.event(event));
    }

    /// This thread runs what belongs to a connection or a datagram whose begin has been told, until the value is dropped.
    pub(crate) fn run_as(&self, told: Option<u64>) -> Option<RunsAs<'_>> {
        let id = told?;
        self.observe(|observer| observer.enter(id));
        Some(RunsAs { core: self, id })
    }

    /// An observer that panics must not take a request, or the loop, with it.
    fn observe(&self, tell: impl FnOnce(&dyn Observer)) {
        let _ = guarded(|| {
            tell(&**self.observer);
            Ok(())
        });
    }

    pub(crate) fn wants_requests(&self) -> bool {
        guarded(|| Ok(self.observer.wants_requests())).unwrap_or(false)
    }

    /// What one is called where all addresses are of one type. A peer whose own type panics there has no name, and is served all the same.
    pub(crate) fn name(&self, of: impl FnOnce() -> Address) -> Address {
        self.hook("client_address", of).unwrap_or_else(|| Address::Other("(no name)".into()))
    }

    /// How many wait to be taken in, if a transport knows, which may be the user's.
    pub(crate) fn backlog_of(&self, transport: &impl Transport) -> Option<usize> {
        self.hook("backlog", || transport.backlog()).flatten()
    }

    /// Whether there are some that it has taken in ahead.
    pub(crate) fn has_prefetched(&self, transport: &impl Transport) -> bool {
        self.hook("has_prefetched", || transport.has_prefetched()).unwrap_or(false)
    }

    /// Runs a hook that belongs to no request; a panic is an event.
    pub(crate) fn hook<R>(&self, hook: &'static str, code: impl FnOnce() -> R) -> Option<R> {
        let _inside = self.enter();
        catch_unwind(AssertUnwindSafe(code)).map_err(|payload| self.panicked(hook, payload)).ok()
    }

    /// User code that belongs to no request has panicked.
    pub(crate) fn panicked(&self, hook: &'static str, payload: Box<dyn Any + Send>) {
        self.emit(&Event::HookPanicked { hook, message: &Panicked::from(payload).message });
    }
}
