//! Clients that are taken in only to be told that they can't be served.

use super::{Accepted, Acceptor, Role};
use crate::{AcceptError, Job, PeerAddress, Refusal, ServerHooks, Transport, reserve::Reserve};
use std::{io, ops::ControlFlow};

/// What became of the reserved descriptor's moment.
enum Moment {
    /// A client was told.
    Told,
    /// Nobody waits: accept(2) says that it lacks a descriptor before it looks.
    Nobody,
    /// Another thread, or process, took the descriptor.
    Lost,
}

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// A client has come by the last descriptor, which another acceptor had given up for another client's sake: it is to be the reserve again.
    pub(super) fn refuse_for_reserve(
        &self,
        reserve: &Reserve,
        request: T::Request,
        peer: PeerAddress<T>,
    ) -> ControlFlow<Accepted<T, S>> {
        Job::to_refuse(&self.shared, request, peer).reject_because(Refusal::NoDescriptor);
        reserve.restore();
        ControlFlow::Break(Accepted::Refused)
    }

    /// In the parent of worker processes, which serves nobody itself: turns away who was let in while the port was just being closed.
    pub(super) fn refuse_kept(&self, transport: &T) {
        let shared = &self.shared;
        let core = &shared.core;
        // Be the port open again by now.
        if self.role != Role::Loop || !core.was_port_closed() || core.workers.lock().is_empty() {
            return;
        }
        while core.has_prefetched(transport)
            && let Some(Ok((request, peer))) = core.hook("get_request", || transport.get_request())
        {
            Job::to_refuse(shared, request, peer).reject_because(Refusal::Draining);
        }
    }

    /// By the reserved descriptor, tells the client at the head of the backlog that there is none for it. `None` if that isn't what
    /// the error is about, or there is no reserve: then the loop has to pause.
    pub(super) fn tell_of_lack(
        &mut self,
        transport: &T,
        error: &io::Error,
    ) -> Option<ControlFlow<Accepted<T, S>>> {
        let shared = &self.shared;
        let core = &shared.core;
        let reserve = core.reserve.as_ref().filter(|_| Reserve::helps(error))?;
        let moment =
            reserve.without(|| match core.hook("get_request", || shared.state.get_request(transport)) {
                Some(Ok((request, peer))) => {
                    Job::to_refuse(shared, request, peer).reject_because(Refusal::NoDescriptor);
                    Moment::Told // and closed, so that its descriptor can be the reserve again
                }
                Some(Err(error)) if AcceptError::of(&error) == AcceptError::Nothing => Moment::Nobody,
                _ => Moment::Lost,
            })?;
        if matches!(moment, Moment::Lost) {
            return None;
        }
        core.counters.accept_failed();
        self.back_off.reset();
        if matches!(moment, Moment::Nobody) {
            self.found_none = true;
            return Some(ControlFlow::Continue(()));
        }
        if let Some(news) = reserve.news(error) {
            core.emit(&news);
        }
        self.let_others_come(transport); // they may have a descriptor
        Some(ControlFlow::Break(Accepted::Refused))
    }
}
