//! The worker in reserve, which looks after the others while it has nothing to do.

use super::{Reactor, crew::State, shard::Shard};
use crate::sync::MutexGuard;
use std::{sync::atomic::Ordering::Relaxed, time::Duration};

/// How long a handler may keep the others of its shard waiting before another worker takes over: at least this, at most twice.
const TICK: Duration = Duration::from_millis(10);

/// After so many ticks without a request the watch sleeps until it is called.
const QUIET: u32 = 3;

/// Why a watch ended.
pub(super) enum Watched {
    /// The worker of this shard is stuck in a handler, and has been relieved of its seat.
    Stalled(usize),
    /// There is a vacant seat.
    Vacancy,
    /// There is nobody to look after any more.
    Closed,
}

/// What the watch sees of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// No handler has been run since the last look.
    Quiet,
    Active,
    /// The same handler is running as at the last look. The seat has been vacated.
    Stalled,
}

/// Whether the worker does anything but wait.
type IsAtWork = bool;

impl Shard {
    /// Looks whether the worker is stuck in a handler.
    pub(super) fn look(&self) -> (Look, IsAtWork) {
        let mut state = self.lock();
        let is_at_work = !state.is_waiting;
        let is_new = state.beat != state.seen;
        state.seen = state.beat;
        let look = match (state.is_busy, is_new) {
            (_, true) => Look::Active,
            (false, false) => Look::Quiet,
            (true, false) => {
                state.change_seat();
                Look::Stalled
            }
        };
        (look, is_at_work)
    }

    /// Asks to be told of the next handler. False if there has been one since the last look.
    pub(super) fn call_watch(&self) -> bool {
        let mut state = self.lock();
        state.calls_watch = state.beat == state.seen && !state.is_busy;
        state.calls_watch
    }
}

impl Reactor {
    /// Looks after the workers until there is something better to do.
    pub(super) fn watch(&self, crew: &mut MutexGuard<'_, State>) -> Watched {
        let mut quiet = 0;
        loop {
            if !crew.vacant.is_empty() {
                return Watched::Vacancy;
            }
            if crew.is_closed && self.shards.iter().all(|shard| shard.is_swept()) {
                return Watched::Closed;
            }
            // A server without requests costs nothing: the worker that gets the next one calls.
            let sleeps =
                quiet > QUIET && !crew.is_closed && self.shards.iter().all(|shard| shard.call_watch());
            if sleeps && !crew.is_called {
                self.crew.watch_bell.wait(crew);
            } else {
                self.crew.watch_bell.wait_for(crew, TICK);
            }
            if std::mem::take(&mut crew.is_called) {
                quiet = 0;
                continue;
            }
            quiet += 1;
            let looks: Vec<_> = self.shards.iter().map(Shard::look).collect();
            if looks.iter().any(|(look, _)| *look == Look::Active) {
                quiet = 0;
            }
            let mut stalled = looks.iter().enumerate().filter(|(_, (look, _))| *look == Look::Stalled);
            if let Some((first, _)) = stalled.next() {
                crew.vacant.extend(stalled.map(|(index, _)| index));
                return Watched::Stalled(first);
            }
            let spread =
                crew.balance.look(looks.iter().map(|(_, is_at_work)| *is_at_work), self.in_use.load(Relaxed));
            if let Some(shards) = spread {
                let vacant = self.spread(shards);
                crew.vacant.extend(vacant);
            }
        }
    }

    /// A worker runs a handler while the watch sleeps.
    pub(super) fn call_watch(&self) {
        self.crew.state.lock().is_called = true;
        self.crew.watch_bell.notify_one();
    }
}
