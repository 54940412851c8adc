//! What joins a parent and one of its worker processes, at the parent's end.

use crate::{
    Limit,
    order::Order,
    slot::{Slot, Wish},
    stats::Counts,
};
use std::{
    io,
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

pub(crate) struct Link {
    pub(crate) slot: Arc<Slot>,
    /// The worker reads from the other end; end-of-file there is our death.
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
        let slot = Arc::new(Slot::new()?);
        Ok((Link { slot, control, number, asked: AtomicU64::new(0) }, heard))
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts::read(self.slot.counts())
    }

    /// Tells it to stop, and for how long requests in progress may go on.
    pub(crate) fn stop(&self, grace: Option<Duration>) {
        // Full it can't be, unless hundreds of orders haven't been heard; and what is dead needs none.
        let _ = Order::Stop(grace).send(&self.control);
    }

    /// Tells it to stop when nobody waits in its socket any more.
    pub(crate) fn leave(&self) {
        let _ = Order::Leave.send(&self.control);
    }

    /// Tells it to accept nothing for now, or to accept again.
    pub(crate) fn suspend(&self, suspended: bool) {
        self.wish(Wish::Suspend(suspended));
    }

    /// Tells it the limit of connections.
    pub(crate) fn limit(&self, limit: Limit) {
        self.wish(Wish::Limit(limit));
    }

    /// Tells it the limit of connections from one peer.
    pub(crate) fn limit_peers(&self, max: Option<usize>) {
        self.wish(Wish::LimitPeers(max));
    }

    /// Tells it the limit of handshakes in progress.
    pub(crate) fn limit_handshakes(&self, max: Option<usize>) {
        self.wish(Wish::LimitHandshakes(max));
    }

    /// However often something is wished, the worker is told to look once, until it does.
    fn wish(&self, wish: Wish) {
        if self.slot.wish(wish) {
            let _ = Order::Look.send(&self.control);
        }
    }

    /// Asks it something. Gives where the answer comes, or nothing if it isn't asked: it is dead, or hasn't listened for long.
    pub(crate) fn ask(&self, question: impl FnOnce(UnixStream) -> Order) -> Option<UnixStream> {
        if self.asked.load(SeqCst).saturating_sub(self.slot.heard()) >= MOST_UNHEARD {
            return None;
        }
        let (answer, theirs) = UnixStream::pair().ok()?;
        answer.set_nonblocking(true).ok()?;
        self.asked.fetch_add(1, SeqCst);
        question(theirs).send(&self.control).then_some(answer)
    }
}
