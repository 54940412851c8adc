//! Waiting for the end: of the loop, of requests in progress; and what wakes those who wait.

use super::{Core, Run, life::Phase};
use crate::{
    mixin::Drain,
    wake::{Ready, Wanted},
};
use std::{
    io,
    sync::{Weak, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

impl Core {
    /// The number of requests in progress has changed.
    pub(crate) fn tell_watchers(&self) {
        self.watchers.tell();
    }

    /// Waits until the number of requests in progress is such, no longer than `until`; says whether it is.
    pub(crate) fn wait_for(&self, until: Instant, mut is_so: impl FnMut(usize) -> bool) -> bool {
        // What worker processes do, nobody tells.
        let look_every = || (!self.workers.lock().is_empty()).then_some(Duration::from_millis(20));
        self.watchers.wait(until, look_every, || is_so(self.in_progress()))
    }

    /// Waits until the loop has ended that was running then. Must not be called from inside.
    pub(crate) fn wait_until_stopped(&self, run: Run) {
        let mut life = self.life.lock();
        while life.is_serving(run) {
            self.changed.wait(&mut life);
        }
    }

    /// Waits until no thread serves any more, be it by `handle_request`. After [`close`](Self::close); not from inside.
    pub(crate) fn wait_until_closed(&self) {
        let mut life = self.life.lock();
        while life.phase == Phase::Serving || life.handling > 0 {
            self.changed.wait(&mut life);
        }
    }

    pub(crate) fn know_mixin(&self, mixin: Weak<dyn Drain>) {
        let _ = self.mixin.set(mixin); // a server has one
    }

    /// Waits until that loop has ended and no request is in progress; false if `until` came first.
    pub(crate) fn wait_until_idle(&self, run: Run, until: Instant) -> bool {
        let mut life = self.life.lock();
        while life.is_serving(run) && !self.changed.wait_until(&mut life, until).timed_out() {}
        drop(life);
        // While no loop runs, nobody but the mix-in notices which children have ended.
        if self.in_progress() > 0
            && let Some(mixin) = self.mixin.get().and_then(Weak::upgrade)
        {
            self.hook("drain", || mixin.drain(until));
        }
        let _waits = self.begin_wait();
        let mut life = self.life.lock();
        while life.is_serving(run) || self.gate.inside() > 0 {
            if self.changed.wait_until(&mut life, until).timed_out() {
                return !life.is_serving(run) && self.in_progress() == 0;
            }
        }
        drop(life);
        self.wait_for(until, |requests| requests == 0) // one that has no place may be just ending
    }

    /// Waits until no request is in progress; false if `until` came first. For the loop's own thread.
    pub(crate) fn wait_until_drained(&self, until: Instant) -> bool {
        let _waits = self.begin_wait();
        let mut life = self.life.lock();
        while self.gate.inside() > 0 {
            if self.changed.wait_until(&mut life, until).timed_out() {
                return self.gate.inside() == 0;
            }
        }
        true
    }

    /// Said before the look whether there is something to wait for: who leaves after that sees that somebody waits.
    fn begin_wait(&self) -> Waits<'_> {
        self.waiting.fetch_add(1, SeqCst);
        Waits(self)
    }

    /// The wait of an acceptor. For room it doesn't, if there is some by now, or whoever finds none needn't wait any more.
    pub(crate) fn wait(&self, wanted: Wanted<'_>, still_waits: impl FnOnce() -> bool) -> io::Result<Ready> {
        if !wanted.room {
            return self.waker.wait(wanted);
        }
        if !self.gate.queue(still_waits) {
            return Ok(Ready::default());
        }
        let waited = self.waker.wait(wanted);
        self.gate.unqueue();
        waited
    }

    /// To be told of what a wait ended with: somebody who was woken for nothing lets waits last again.
    pub(crate) fn note(&self, ready: Ready) {
        if ready.woken && !self.is_stopping() {
            self.waker.reset();
            // A stop stays visible to all who wait; one that came between the two lines above as well.
            if self.is_stopping() {
                self.waker.wake();
            }
        }
    }

    /// There is room that the caller doesn't use. One acceptor that waits for some gets it, since none but those who wait for it
    /// would come to know.
    pub(crate) fn pass_on_room(&self) {
        if self.gate.has_queue() {
            self.waker.make_room();
        }
    }

    /// A request has left. Wakes who waits for room, and who waits for the end.
    pub(crate) fn left(&self) {
        let inside = self.gate.leave();
        self.pass_on_room();
        if inside > 0 {
            return;
        }
        if self.worker.get().is_some() {
            if self.draining.load(SeqCst) {
                self.waker.wake(); // its only waiter
            }
        } else if self.waiting.load(SeqCst) > 0 {
            drop(self.life.lock()); // so that a waiter is either before its check or in its wait
            self.changed.notify_all();
        }
    }
}

/// Somebody waits for requests to end, until this is dropped.
struct Waits<'a>(&'a Core);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, SeqCst);
    }
}
