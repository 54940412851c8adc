//! One request's place among those in progress: held from accept to close, given back exactly once.

use crate::{Event, Outcome, core::Core, registry::Closer};
use socketserver_net::{Address, Connection, Traffic};
use std::{fmt, sync::Arc, time::Instant};

/// Counts a request as in progress until it is dropped. A forking mix-in keeps it for as long as the child lives.
pub struct Ticket {
    core: Arc<Core>,
    id: u64,
    is_listed: bool,
    /// Only if somebody listens; apart, since there is a ticket for each connection that waits.
    story: Option<Box<Story>>,
    outcome: Outcome,
    holds_a_place: bool,
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
        peer: impl Into<Address>,
        connection: Option<&Connection>,
        holds_a_place: bool,
    ) -> Self {
        core.counters.accepted();
        let id = core.next_id();
        let story = core.wants_requests().then(|| {
            Box::new(Story { peer: peer.into(), started: Instant::now(), traffic: Traffic::default() })
        });
        if let Some(story) = &story {
            core.emit(&Event::RequestStarted { id, peer: &story.peer });
        }
        if let Some(connection) = connection {
            core.registry.insert(id, Closer::Connection(connection.downgrade()));
        }
        Ticket {
            core: core.clone(),
            id,
            is_listed: connection.is_some(),
            story,
            outcome: Outcome::Dropped,
            holds_a_place,
        }
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

    pub(crate) fn set_traffic(&mut self, traffic: Traffic) {
        if let Some(story) = &mut self.story {
            story.traffic = traffic;
        }
    }

    /// How a shutdown whose deadline has passed ends this request, instead of shutting its connection down.
    pub fn set_closer(&mut self, close: impl Fn() + Send + 'static) {
        self.is_listed = true;
        self.core.registry.insert(self.id, Closer::Other(Box::new(close)));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.core.is_child() {
            return; // the parent keeps the books, and its locks are not ours
        }
        if self.is_listed {
            self.core.registry.remove(self.id);
        }
        if let Some(story) = &self.story {
            self.core.emit(&Event::RequestEnded {
                id: self.id,
                peer: &story.peer,
                outcome: self.outcome,
                duration: story.started.elapsed(),
                traffic: story.traffic,
            });
        }
        self.core.counters.ended(self.outcome); // last of what others can see, so that who sees it sees all
        if self.holds_a_place {
            self.core.left();
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("id", &self.id).field("outcome", &self.outcome).finish_non_exhaustive()
    }
}
