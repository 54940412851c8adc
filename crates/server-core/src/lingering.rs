//! Connections that are over but for what their clients still send; see [`Linger`].

mod tail;

use crate::{Event, PeerAddress, ServerHooks, Ticket, Transport, core::Core, server::Shared};
use socketserver_net::{Connection, Request, Unread};
use socketserver_sys::ForkMutex;
use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Instant,
};
use tail::{End, Tail};

/// A request that has been shut down, and is to be closed.
pub(crate) struct Ending<T: Transport, S: ServerHooks<T>> {
    pub(crate) request: T::Request,
    pub(crate) peer: PeerAddress<T>,
    pub(crate) ticket: Ticket,
    pub(crate) shared: Arc<Shared<T, S>>,
}

/// Whether a connection is to be looked after when it has been shut down; asked before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    No,
    /// If there is input.
    Look,
    /// If there is, or none yet.
    Wait,
}

impl Wish {
    pub(crate) fn of(core: &Core, connection: Option<&Connection>, is_refused: bool) -> Self {
        let (linger, Some(connection)) = (&core.linger, connection) else { return Wish::No };
        let Some(socket) = connection.socket().filter(|_| !linger.is_off()) else { return Wish::No };
        let has_told = || socket.traffic().bytes_out > 0;
        match socket.unread() {
            Unread::Ended => Wish::No,
            // The request's view and this one: nobody else who would read.
            _ if connection.downgrade().strong_count() > 2 => Wish::No,
            _ if linger.always => Wish::Wait,
            Unread::Unlikely => Wish::No,
            Unread::Likely => Wish::Wait,
            _ if is_refused && has_told() => Wish::Wait,
            _ => Wish::Look,
        }
    }
}

impl<T: Transport, S: ServerHooks<T>> Ending<T, S> {
    /// Closes it when its client has finished: now, later, or after a wait.
    pub(crate) fn begin(self, wish: Wish) {
        let linger = self.shared.core.linger;
        let tail = self.request.connection().filter(|_| wish != Wish::No).map(|it| Tail::new(it, &linger));
        let Some(mut tail) = tail else { return self.close(None) };
        match tail.look(Instant::now()) {
            Some(end) => return self.close(Some((end, tail.discarded()))),
            None if wish == Wish::Look && tail.discarded() == 0 => return self.close(None),
            None => {}
        }
        let shared = self.shared.clone();
        let Err(parked) = shared.lingering.park(&shared.core, Box::new(Parked { ending: self, tail })) else {
            return;
        };
        parked.wait();
    }

    fn close(self, end: Option<(End, u64)>) {
        let Ending { request, peer, mut ticket, shared } = self;
        let core = &shared.core;
        if let Some((End::CutOff, discarded)) = end {
            ticket.cut_off();
            core.emit(&Event::CutOff { id: ticket.id(), peer: &peer.into(), discarded });
        }
        ticket.settle(request.traffic());
        core.hook("close_request", || shared.state.close_request(request));
        drop(ticket); // the end is told when the socket is closed
    }
}

struct Parked<T: Transport, S: ServerHooks<T>> {
    ending: Ending<T, S>,
    tail: Tail,
}

/// One whose types don't matter.
trait Lingers: Send {
    /// Looks, if it is time; says whether it is over.
    fn look(&mut self, now: Instant) -> Option<End>;
    fn next_look(&self) -> Instant;
    fn holds_a_place(&self) -> bool;
    fn close(self: Box<Self>, end: End);
    /// Until it is over; then closes it.
    fn wait(self: Box<Self>);
}

impl<T: Transport, S: ServerHooks<T>> Lingers for Parked<T, S> {
    fn look(&mut self, now: Instant) -> Option<End> {
        if self.tail.next_look() <= now { self.tail.look(now) } else { None }
    }
    fn next_look(&self) -> Instant {
        self.tail.next_look()
    }
    fn holds_a_place(&self) -> bool {
        self.ending.ticket.holds_a_place()
    }
    fn close(self: Box<Self>, end: End) {
        let Parked { ending, tail } = *self;
        let discarded = tail.discarded();
        drop(tail); // no view of ours when the hook sees the request
        ending.close(Some((end, discarded)));
    }
    fn wait(mut self: Box<Self>) {
        let end = self.tail.wait();
        self.close(end);
    }
}

/// Those that the loop looks after.
#[derive(Default)]
pub(crate) struct Lingering {
    /// To be read without the lock.
    length: AtomicUsize,
    room: ForkMutex<Room>,
}

#[derive(Default)]
struct Room {
    /// A loop runs that comes to look.
    is_tended: bool,
    parked: Vec<Box<dyn Lingers>>,
}

/// So many of those who were turned away stay at most: each has a descriptor that no limit counts.
const SEATS: usize = 64;

impl Lingering {
    /// Gives it back if there is nobody to look after it.
    fn park(&self, core: &Core, parked: Box<dyn Lingers>) -> Result<(), Box<dyn Lingers>> {
        if core.is_child() {
            return Err(parked);
        }
        let mut room = self.room.lock();
        if !room.is_tended {
            return Err(parked);
        }
        let has_seat = parked.holds_a_place()
            || room.parked.iter().filter(|it| !it.holds_a_place()).take(SEATS).count() < SEATS;
        if !has_seat {
            drop(room);
            parked.close(End::CutOff);
            return Ok(());
        }
        room.parked.push(parked);
        self.length.fetch_add(1, SeqCst);
        drop(room);
        core.waker.wake();
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.length.load(SeqCst) == 0
    }

    /// When the loop is to look next.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        self.room.lock().parked.iter().map(|it| it.next_look()).min()
    }

    /// Looks after those whose time has come.
    pub(crate) fn tend(&self) {
        if self.is_empty() {
            return;
        }
        let parked = mem::take(&mut self.room.lock().parked); // closing them runs hooks
        let left = self.look(parked);
        self.room.lock().parked.extend(left);
    }

    fn look(&self, parked: Vec<Box<dyn Lingers>>) -> Vec<Box<dyn Lingers>> {
        let now = Instant::now();
        let mut left = Vec::with_capacity(parked.len());
        for mut it in parked {
            match it.look(now) {
                Some(end) => self.close(it, end),
                None => left.push(it),
            }
        }
        left
    }

    fn close(&self, parked: Box<dyn Lingers>, end: End) {
        self.length.fetch_sub(1, SeqCst);
        parked.close(end);
    }

    /// A loop begins that will [`tend`](Self::tend) it. The end of that is the end of the returned value, which waits for those who are left.
    pub(crate) fn open<'a>(&'a self, core: &'a Core) -> Tended<'a> {
        self.room.lock().is_tended = true;
        Tended(self, core)
    }
}

pub(crate) struct Tended<'a>(&'a Lingering, &'a Core);

impl Drop for Tended<'_> {
    fn drop(&mut self) {
        let Tended(lingering, core) = self;
        let mut room = lingering.room.lock();
        room.is_tended = false;
        let mut parked = mem::take(&mut room.parked);
        drop(room);
        while let Some(next) = parked.iter().map(|it| it.next_look()).min() {
            if core.drain_until().is_some_and(|until| Instant::now() >= until) {
                return parked.into_iter().for_each(|it| lingering.close(it, End::CutOff));
            }
            thread::sleep(next.saturating_duration_since(Instant::now()));
            parked = lingering.look(parked);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
