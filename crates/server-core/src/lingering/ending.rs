//! A request that is over: closed at once, or when its client has finished.

use super::{
    Lingers,
    tail::{End, Tail},
};
use crate::{
    Event, PeerAddress, ServerHooks, Ticket, Transport,
    core::Core,
    job::{CONNECTION, close_in_child},
    server::Shared,
};
use socketserver_net::{Connection, Request, Unread};
use socketserver_sys::Child;
use std::{sync::Arc, time::Instant};

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
            _ if is_kept(core, connection) => Wish::No,
            _ if linger.always => Wish::Wait,
            Unread::Likely => Wish::Wait,
            _ if is_refused && has_told() => Wish::Wait,
            _ => Wish::Look,
        }
    }
}

/// Whether there is a view of it beside the request's and this one. Who lists the connections has one for a moment, under the registry's lock.
fn is_kept(core: &Core, connection: &Connection) -> bool {
    let views = || connection.downgrade().strong_count() > 2;
    views()
        && (core.is_child() || {
            let _nobody_lists = core.registry.hold();
            views()
        })
}

impl<T: Transport, S: ServerHooks<T>> Ending<T, S> {
    /// Closes it when its client has finished: now, later, or after a wait.
    pub(crate) fn begin(self, wish: Wish) {
        if wish == Wish::No {
            return self.close(None);
        }
        let core = &self.shared.core;
        let connection = core.hook(CONNECTION, || self.request.connection()).flatten();
        let Some(connection) = connection else { return self.close(None) };
        let mut tail = Tail::new(connection, &core.linger);
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
            core.emit(&Event::CutOff { id: ticket.id(), peer: &core.name(|| peer.into()), discarded });
        }
        ticket.settle(core.hook("traffic", || request.traffic()).unwrap_or_default());
        core.hook("close_request", || shared.state.close_request(request));
        drop(ticket); // the end is told when the socket is closed
    }
}

pub(super) struct Parked<T: Transport, S: ServerHooks<T>> {
    pub(super) ending: Ending<T, S>,
    pub(super) tail: Tail,
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
    fn give_up_place(&mut self) {
        if self.ending.ticket.refused().is_some() {
            self.ending.ticket.give_up_place();
        }
    }
    fn close_in_child(&self, child: &Child) {
        close_in_child(&self.ending.request, child);
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
