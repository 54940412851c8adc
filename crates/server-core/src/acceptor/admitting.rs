//! Taking in one client: a place for it, what accept(2) says, and whether it shall be served.

use super::{Accepted, Acceptor};
use crate::{
    AcceptError, Event, Job, PeerAddress, Refusal, ServerError, ServerHooks, Transport, limit::Policy,
};
use socketserver_handlers::guarded;
use std::{io, ops::ControlFlow, time::Instant};

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// Takes in a request, if there is one; several `ahead`, if nobody else could serve them.
    pub(super) fn try_accept(
        &mut self,
        transport: &T,
        ahead: bool,
    ) -> Result<ControlFlow<Accepted<T, S>>, ServerError> {
        self.found_none = false;
        let shared = &self.shared;
        let place = shared.core.gate.enter();
        if place.is_err_and(|policy| self.holds_up(policy)) {
            return Ok(ControlFlow::Continue(())); // another acceptor took the last place
        }
        let leave = || {
            if place.is_ok() {
                shared.core.left()
            }
        };
        if ahead && self.is_alone() {
            shared.core.hook("prefetch", || transport.prefetch());
        }
        // A panic in the user's hook must neither lose the place nor end the loop.
        let error = match shared.core.hook("get_request", || shared.state.get_request(transport)) {
            Some(Ok((request, peer))) => {
                self.back_off.reset();
                self.fatal = 0;
                if let Some(reserve) = shared.core.reserve.as_ref().filter(|it| !it.restore()) {
                    leave();
                    return Ok(self.refuse_for_reserve(reserve, request, peer));
                }
                return Ok(self.admit(request, peer, place));
            }
            Some(Err(error)) => error,
            None => io::Error::other("get_request panicked"),
        };
        leave();
        if let Some(told) = self.tell_of_lack(transport, &error) {
            return Ok(told);
        }
        self.failed(error)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Counts a request in, and asks whether it shall be served.
    fn admit(
        &self,
        request: T::Request,
        peer: PeerAddress<T>,
        place: Result<(), Policy>,
    ) -> ControlFlow<Accepted<T, S>> {
        let shared = &self.shared;
        let job = Job::new(shared, request, peer, place.is_ok());
        if let Some(reason) = job.parts().ticket.refusal() {
            job.reject_because(reason);
            return ControlFlow::Break(Accepted::Refused);
        }
        if place.is_err_and(|policy| !matches!(policy, Policy::Wait(_))) {
            job.reject_because(Refusal::MaxConnections);
            return ControlFlow::Break(Accepted::Refused);
        }
        match guarded(|| Ok(shared.state.verify_request(job.request(), job.client_address()))) {
            Ok(true) => match place {
                Err(Policy::Wait(time)) => {
                    self.keep_waiting(job, time);
                    return ControlFlow::Continue(());
                }
                _ => return ControlFlow::Break(Accepted::Job(job)),
            },
            Ok(false) => job.refuse(Refusal::VerifyRequest),
            Err(panic) => drop(job.end(Err(panic))),
        }
        ControlFlow::Break(Accepted::Refused)
    }

    fn failed(&mut self, error: io::Error) -> Result<(), ServerError> {
        let class = AcceptError::of(&error);
        if class == AcceptError::Fatal && self.may_be_closed_port() {
            return Ok(());
        }
        let core = &self.shared.core;
        if class == AcceptError::Nothing {
            self.found_none = true;
            return Ok(());
        }
        core.counters.accept_failed();
        let back_off = match class {
            AcceptError::Fatal => {
                return Err(ServerError::Accept { address: core.address.to_string(), source: error });
            }
            AcceptError::Exhausted => Some(self.back_off.next()),
            _ => self.back_off.skip(),
        };
        if let Some(wait) = back_off {
            self.paused_until = Some(Instant::now() + wait);
        }
        core.emit(&Event::AcceptFailed { error: &error, back_off });
        core.hook("drop of an error", || drop(error)); // it may be a hook's own
        Ok(())
    }
}
