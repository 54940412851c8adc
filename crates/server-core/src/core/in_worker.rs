//! What is different in a worker process, and what it takes to become one.

use super::Core;
use crate::{
    nursery::Nursery,
    registry::Entries,
    reserve,
    signals::Ear,
    slot::{Wish, WorkerPhase},
    wake::Bells,
    worker_process::{Retired, WorkerSide},
};
use socketserver_handlers::ServerControl;
use socketserver_sys::{Child, sync::ForkMutexGuard, was_terminated};
use std::{
    io,
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{
            Ordering::{Relaxed, SeqCst},
            fence,
        },
    },
    time::Instant,
};

/// See [`Core::hold`].
pub(crate) struct Held<'a> {
    registry: ForkMutexGuard<'a, Entries>,
    _watchers: ForkMutexGuard<'a, u64>,
    waker: ForkMutexGuard<'a, Option<Arc<Bells>>>,
    ear: ForkMutexGuard<'a, Option<Arc<Ear>>>,
    reserve: Option<reserve::Held<'a>>,
    nursery: ForkMutexGuard<'a, Option<Arc<Nursery>>>,
}

impl Core {
    /// In a worker process whose socket is given up: from now on it stops when that is empty.
    fn leave(&self) {
        if let Some(worker) = self.worker.get() {
            worker.leave();
            self.waker.wake_all(); // somebody must look
        }
    }

    pub(crate) fn worker(&self) -> Option<&WorkerSide> {
        self.worker.get()
    }

    /// For a fork: what another thread must not be holding then.
    pub(crate) fn hold(&self) -> Held<'_> {
        let reserve = self.reserve.as_ref().map(|it| it.hold()); // first: who has it given up may ask for the others
        Held {
            registry: self.registry.hold(),
            _watchers: self.watchers.hold(),
            waker: self.waker.hold(),
            ear: self.ear.lock(),
            reserve,
            nursery: self.nursery.lock(),
        }
    }

    /// From now on this is the core of a worker process, which has been forked and begins anew.
    pub(crate) fn become_worker(
        &self,
        mut held: Held<'_>,
        side: WorkerSide,
        ear: Ear,
        child: &Child,
    ) -> io::Result<()> {
        held.registry.leave_to_parent();
        if let (Some(reserve), Some(kept)) = (&self.reserve, &mut held.reserve) {
            reserve.renew(kept);
        }
        let bells = Bells::new()?; // or processes would wake one another
        child.end_by_sigterm(side.nudge.as_fd())?; // that is heard where the loop may be inside a handler, too
        if self.is_suspended() {
            bells.close_gate()?;
        }
        *held.waker = Some(bells);
        *held.ear = Some(Arc::new(ear));
        self.has_ear.store(true, Relaxed);
        self.gate.empty();
        self.at_stop.forget();
        self.handshakes.empty();
        self.watchers.forget();
        self.counters.move_to(side.slot.clone());
        self.next_id.store(1, Relaxed); // by the number of the process they are different
        self.stop.store(false, Relaxed);
        self.draining.store(false, Relaxed);
        *held.nursery = None; // its children are others
        self.has_told_state.store(false, Relaxed);
        let _ = self.worker.set(side); // a worker has no workers
        Ok(())
    }

    /// In a worker process: does what the parent wishes.
    pub(super) fn take_wishes(&self) {
        let Some(worker) = self.worker.get() else { return };
        for wish in worker.slot.take_wishes() {
            match wish {
                Wish::Suspend(suspended) => {
                    if !suspended {
                        self.port_closed.store(false, SeqCst); // the parent has opened it
                    }
                    self.suspend(suspended);
                }
                Wish::Limit(limit) => self.set_limit(limit),
                Wish::LimitPeers(max) => self.limit_peers(max),
                Wish::LimitHandshakes(max) => self.limit_handshakes(max),
                Wish::Leave => self.leave(),
                Wish::Retire(until) => self.retire(until),
                Wish::Stop(until) => drop(self.stop_here(until)),
            }
        }
    }

    /// In a worker process, before each request: shows that the loop comes round, and ends it when it is time.
    pub(crate) fn tend_worker(&self, is_loop: bool) {
        let Some(worker) = self.worker.get() else { return };
        if is_loop {
            worker.slot.beat();
        }
        let is_over = was_terminated() || worker.is_spent(self.counters.accepted_so_far());
        if is_over && !self.is_stopping() {
            self.retire(worker.own_end());
            worker.enter(WorkerPhase::Leaving); // the loop may be inside a handler, and the parent is to replace us now, and to kill us if that overstays
        }
        if is_loop && self.is_stopping() {
            self.tend_retirement(); // it may go on for those who wait for room
        }
    }

    /// In a worker process that another one replaces: accepts nothing from now on. Who has come by now is served, also who hasn't asked yet: only when
    /// there is nobody like that any more it drains.
    pub(crate) fn retire(&self, until: Option<Instant>) {
        let Some(worker) = self.worker.get() else { return };
        worker.retire();
        self.stop.store(true, SeqCst);
        fence(SeqCst);
        worker.drain_by_unless_told(until);
        self.waker.wake_all();
        self.tend_retirement();
    }

    /// Looks whether it is time to drain; if not yet, says when to look again.
    pub(crate) fn tend_retirement(&self) -> Option<Instant> {
        let worker = self.worker.get().filter(|_| !self.is_draining())?;
        match worker.waits_for_newcomers(|| self.registry.has_newcomers())? {
            Retired::Waits(look) => Some(look),
            Retired::IsDone => {
                self.drain_worker(); // by the end that has been said, or is being said at this moment
                None
            }
        }
    }

    /// In a worker process: nothing is accepted from now on, and what has nothing in progress is closed.
    pub(super) fn drain_worker(&self) {
        self.set_draining(true);
        self.stop.store(true, Relaxed);
        self.waker.wake_all();
        self.registry.close_idle();
    }
}
