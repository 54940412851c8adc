//! What joins a parent and one of its worker processes, at the parent's end.

use crate::{
    Bell,
    order::Order,
    slot::{Slot, Wish},
    stats::Counts,
};
use socketserver_sys::Child;
use std::{
    io, mem,
    os::{fd::AsFd, unix::net::UnixStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

pub(crate) struct Link {
    pub(crate) slot: Arc<Slot>,
    /// Rung when the worker must look what is wanted of it.
    pub(crate) nudge: Arc<Bell>,
    /// Where it is asked. It reads from the other end; end-of-file there is our death.
    pub(crate) control: UnixStream,
    /// Which of all that were ever forked it is: no other has the same.
    pub(crate) number: u32,
    /// Questions that it was asked.
    asked: AtomicU64,
}

/// So many questions may be unheard before no more are asked: what is stopped must not be flooded, so that orders still reach it.
const MOST_UNHEARD: u64 = 8;

impl Link {
    /// With the worker's end.
    pub(crate) fn new(number: u32) -> io::Result<(Self, UnixStream)> {
        let (control, heard) = UnixStream::pair()?;
        let (slot, nudge) = (Arc::new(Slot::new()?), Arc::new(Bell::new()?));
        Ok((Link { slot, nudge, control, number, asked: AtomicU64::new(0) }, heard))
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts::read(self.slot.counts())
    }

    /// Lets it know what is wanted, which it finds in the memory that both share; so no more than that it must look is to be said, and that
    /// can't fail, as sending it a message could.
    pub(crate) fn wish(&self, wish: Wish) {
        self.slot.wish(wish);
        self.nudge.ring();
    }

    /// Asks it something. Gives where the answer comes, or nothing if it isn't asked: it is dead, or hasn't listened for long.
    pub(crate) fn ask(&self, question: impl FnOnce(UnixStream) -> Order) -> Option<UnixStream> {
        if self.asked.load(SeqCst).saturating_sub(self.slot.heard()) >= MOST_UNHEARD {
            return None;
        }
        let (answer, theirs) = UnixStream::pair().ok()?;
        answer.set_nonblocking(true).ok()?;
        self.asked.fetch_add(1, SeqCst);
        let is_asked = question(theirs).send(&self.control);
        if !is_asked {
            self.asked.fetch_sub(1, SeqCst); // or it would count as unheard for ever
        }
        is_asked.then_some(answer)
    }

    /// In the worker itself: its own parts of what both have.
    pub(crate) fn become_worker(self: Arc<Self>, child: &Child) -> (Arc<Slot>, Arc<Bell>) {
        child.close_inherited(self.control.as_fd());
        let parts = (self.slot.clone(), self.nudge.clone());
        mem::forget(self); // one of its descriptors is closed
        parts
    }

    /// In another worker, which has no use for it.
    pub(crate) fn close_in_child(self: Arc<Self>, child: &Child) {
        child.close_inherited(self.control.as_fd());
        self.nudge.close_in_child(child);
        mem::forget(self); // its descriptors are closed
    }
}
