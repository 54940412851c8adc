//! One request's place among those in progress: held from accept to close, given back exactly once.

use crate::{Event, Outcome, Refusal, core::Core, nursery::Seat, registry::ServedBy, span::ConnectionSpan};
use socketserver_handlers::ServerControl;
use socketserver_net::{Address, Connection, Traffic};
use std::{fmt, sync::Arc, time::Instant};

/// Counts a request as in progress until it is dropped. A forking mix-in keeps it for as long as the child lives.
pub struct Ticket {
    core: Arc<Core>,
    id: u64,
    /// Not a datagram.
    is_connection: bool,
    is_listed: bool,
    /// Known when it is listed no more.
    was_forced: bool,
    /// Only if somebody listens; apart, since there is a ticket for each connection that waits.
    story: Option<Box<Story>>,
    outcome: Outcome,
    refusal: Option<Refusal>,
    holds_a_place: bool,
    /// Counted as one of those inside: not if it is turned away at once.
    is_inside: bool,
    /// What a child tells that serves it, if it was asked to.
    seat: Option<Arc<Seat>>,
    /// That child.
    pid: Option<i32>,
}

/// What is told at the end.
struct Story {
    peer: Address,
    started: Instant,
    traffic: Traffic,
}

impl Ticket {
    /// For a request that has been accepted. With `holds_a_place` it has entered the gate, and leaves it at the end.
    pub(crate) fn new(
        core: &Arc<Core>,
        peer: impl FnOnce() -> Address,
        connection: Option<&Connection>,
        holds_a_place: bool,
    ) -> Self {
        Ticket::make(core, peer, connection, holds_a_place, connection.is_some())
    }

    /// For one that is turned away as it comes. It isn't listed: it is on its way out, and not to be ended by force.
    pub(crate) fn to_refuse(
        core: &Arc<Core>,
        peer: impl FnOnce() -> Address,
        connection: Option<&Connection>,
    ) -> Self {
        Ticket::make(core, peer, connection, false, false)
    }

    fn make(
        core: &Arc<Core>,
        peer: impl FnOnce() -> Address,
        connection: Option<&Connection>,
        holds_a_place: bool,
        is_listed: bool,
    ) -> Self {
        core.counters.accepted();
        let id = core.next_id();
        let wants_story = core.wants_requests();
        let mut ticket = Ticket {
            core: core.clone(),
            id,
            is_connection: connection.is_some(),
            is_listed,
            was_forced: false,
            story: None,
            outcome: Outcome::Dropped,
            refusal: None,
            holds_a_place,
            is_inside: false,
            seat: None,
            pid: None,
        };
        if wants_story || ticket.is_listed {
            let peer = core.name(peer);
            if wants_story {
                let story =
                    Story { peer: peer.clone(), started: Instant::now(), traffic: Traffic::default() };
                core.emit(&match connection {
                    Some(_) => Event::ConnectionStarted { id, peer: &story.peer },
                    None => Event::RequestStarted { id, connection: None, peer: &story.peer },
                });
                ticket.story = Some(Box::new(story));
            }
            if ticket.is_listed && !core.registry.insert(id, peer, connection) {
                ticket.refusal = Some(Refusal::MaxConnectionsPerPeer);
            }
        }
        if holds_a_place && ticket.refusal.is_none() {
            ticket.take_place();
        }
        core.tell_watchers();
        ticket
    }

    /// It has entered the gate.
    pub(crate) fn take_place(&mut self) {
        (self.holds_a_place, self.is_inside) = (true, true);
        let inside = self.core.counters.entered();
        self.core.alarm.look(&self.core, inside);
    }

    /// Why it is to be turned away, if that was clear when it came.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// Whether it was.
    pub(crate) fn refused(&self) -> Option<Refusal> {
        match self.outcome {
            Outcome::Refused(reason) => Some(reason),
            _ => None,
        }
    }

    pub(crate) fn refuse(&mut self, reason: Refusal) {
        self.outcome = Outcome::Refused(reason);
    }

    /// Its number, if its begin has been told, and its end will be: not in a forked child.
    pub(crate) fn told(&self) -> Option<u64> {
        self.story.as_ref().filter(|_| !self.core.is_child()).map(|_| self.id)
    }

    /// By which the requests of this connection are told of one by one, if the connection is.
    pub(crate) fn span(&self) -> Option<ConnectionSpan<'_>> {
        let story = self.story.as_ref().filter(|_| !self.core.is_child())?;
        Some(ConnectionSpan { core: &self.core, id: self.id, peer: &story.peer })
    }

    /// How the request ended; to be said before the ticket is dropped.
    pub fn set_outcome(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    /// Who had it to run panicked, unless it has ended before.
    pub(crate) fn lost_to_panic(&mut self) {
        if self.outcome == Outcome::Dropped {
            self.outcome = Outcome::Panicked;
        }
    }

    /// Nothing more will pass: it is about to be closed, and listed no more.
    pub(crate) fn settle(&mut self, traffic: Traffic) {
        let counters = &self.core.counters;
        if self.core.is_child() {
            // The list is the parent's.
            return self.seat.iter().for_each(|seat| seat.shown.set_traffic(traffic));
        }
        if std::mem::take(&mut self.is_listed) {
            self.was_forced = self.core.registry.remove(self.id, || counters.passed(traffic));
        } else {
            counters.passed(traffic);
        }
        if let Some(story) = &mut self.story {
            story.traffic = traffic;
        }
    }

    /// Its client was still sending at the end.
    pub(crate) fn cut_off(&self) {
        match &self.seat {
            Some(seat) if self.core.is_child() => seat.set_cut_off(),
            _ => self.core.counters.cut_off(),
        }
    }

    /// It was turned away, and isn't closed yet: others may have its place, at the limits of connections and of its peer.
    pub(crate) fn give_up_place(&mut self) {
        if self.is_listed {
            self.core.registry.leave_peer(self.id);
        }
        if std::mem::take(&mut self.is_inside) {
            self.core.counters.left();
        }
        if std::mem::take(&mut self.holds_a_place) {
            self.core.left();
        }
    }

    /// A child is about to be forked for it, and is to tell what becomes of it.
    pub(crate) fn take_seat(&mut self) {
        self.seat = self.core.nursery().and_then(|nursery| nursery.seat()).map(Arc::new);
    }

    pub(crate) fn seat(&self) -> Option<&Seat> {
        self.seat.as_deref()
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn is_connection(&self) -> bool {
        self.is_connection
    }

    /// Whether it counts for the limit.
    pub(crate) fn holds_a_place(&self) -> bool {
        self.holds_a_place
    }

    /// Lists a request that was none of those that are, because it isn't about a connection.
    pub(crate) fn enlist(&mut self, peer: impl FnOnce() -> Address) {
        if !self.is_listed {
            self.is_listed = true;
            self.core.registry.insert(self.id, self.core.name(peer), None);
        }
    }

    /// How this request is ended by force, at the deadline of a shutdown say, instead of shutting its connection down.
    pub fn set_closer(&mut self, close: impl Fn() + Send + 'static) {
        self.core.registry.set_closer(self.id, Box::new(close));
    }

    /// It is served by this child process: what [`ConnectionInfo::pid`](crate::ConnectionInfo::pid) shows, how it is ended by force, and how it is told
    /// that the server stops, so that it ends an idle connection: by SIGURG, if it has been [prepared](crate::Job::before_fork) for that.
    pub fn serve_in_child(
        &mut self,
        pid: i32,
        kill: impl Fn() + Send + 'static,
        tell: impl Fn() + Send + 'static,
    ) {
        let core = &self.core;
        let child = ServedBy { pid, seat: self.seat.clone(), kill: Box::new(kill), tell: Box::new(tell) };
        core.registry.hand_over(self.id, child, || core.is_draining());
        self.pid = Some(pid);
    }

    /// In the parent: what this child has come to tell, which has ended. Gives whom it served, if a signal ended it before it had done so.
    fn hear_child(&mut self, pid: i32) -> Option<Address> {
        let seat = self.seat.take();
        if matches!(self.outcome, Outcome::InChild(_))
            && let Some(outcome) = seat.as_ref().and_then(|seat| seat.outcome())
        {
            self.outcome = outcome;
        }
        // While it is listed.
        let was_killed = self.outcome == Outcome::InChild(None);
        let whose = was_killed.then(|| self.core.registry.peer(self.id)).flatten();
        if let Some(seat) = seat {
            seat.end_handshakes(pid);
            if seat.was_cut_off() {
                self.core.counters.cut_off();
            }
            self.settle(seat.shown.traffic());
        }
        whose
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.core.is_child() {
            // The parent keeps the books, and its locks are not ours.
            return self.seat.iter().for_each(|seat| seat.set_outcome(self.outcome));
        }
        let killed = self.pid.and_then(|pid| Some((pid, self.hear_child(pid)?)));
        let forced = self.was_forced || self.is_listed && self.core.registry.remove(self.id, || ());
        if forced {
            self.core.counters.force_noticed();
        }
        if let Some((pid, peer)) = killed.filter(|_| !forced) {
            self.core.emit(&Event::ChildKilled { pid, peer: &peer });
        }
        if let Some(story) = &self.story {
            let Ticket { id, outcome, .. } = *self;
            let Story { peer, traffic, started } = &**story;
            let (duration, traffic) = (started.elapsed(), *traffic);
            self.core.emit(&if self.is_connection {
                Event::ConnectionEnded { id, peer, outcome, forced, duration, traffic }
            } else {
                Event::RequestEnded { id, connection: None, peer, outcome, forced, duration, traffic }
            });
        }
        if self.is_inside {
            self.core.counters.left(); // or who comes when this one has ended might be one more than there ever were at once
        }
        self.core.counters.ended(self.outcome); // last of what others can see, so that who sees it sees all
        if self.holds_a_place {
            self.core.left();
        }
        self.core.tell_watchers();
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("id", &self.id).field("outcome", &self.outcome).finish_non_exhaustive()
    }
}
