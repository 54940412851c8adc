//! What the loop does about a panic that was none of a hook's.

use super::{Accepted, Acceptor, waiting::LONGEST_SLEEP};
use crate::{ServerHooks, Transport};
use std::{any::Any, thread, time::Instant};

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// A transport, or a mix-in, of the user's own has panicked when it was asked something; what was being taken in has been closed. It may be so for
    /// ever, so there is a pause, from which nothing wakes.
    pub(super) fn survive(
        &mut self,
        payload: Box<dyn Any + Send>,
        until: Option<Instant>,
    ) -> Option<Accepted<T, S>> {
        let core = &self.shared.core;
        core.panicked("accept", payload);
        if core.is_stopping() {
            core.at_stop.found_none();
            self.shared.waiting_room.clear::<T, S>();
            return Some(self.stopped());
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            core.pass_on_room();
            self.hand_over_waiting();
            return Some(Accepted::TimedOut);
        }
        thread::sleep(self.back_off.next().min(LONGEST_SLEEP));
        None
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
