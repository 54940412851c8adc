//! A thread that runs handlers.

use super::{
    Reactor,
    crew::Seat,
    guest::{Guest, Step},
    seat::{NotTaken, Plan, Taken},
    slots::Key,
};
use rustix::event::epoll::Event;
use socketserver_handlers::{Buffers, HandlerResult};
use socketserver_net::before_waiting;
use std::{cell::Cell, rc::Rc, sync::Arc};

/// Events taken at once.
const EVENTS: usize = 128;

/// What the thread is doing, for when the handler that it runs is about to wait.
#[derive(Default)]
struct Desk {
    seat: Cell<Option<Seat>>,
    running: Cell<Option<Key>>,
}

struct Worker {
    reactor: Arc<Reactor>,
    desk: Rc<Desk>,
    buffers: Buffers,
    events: Vec<Event>,
}

/// The life of a worker.
pub(super) fn work(reactor: &Arc<Reactor>, number: u64) {
    let desk = Rc::<Desk>::default();
    {
        let (reactor, desk) = (reactor.clone(), desk.clone());
        before_waiting(move || {
            // Once for each handler: who has left its seat waits as it likes.
            if let Some(seat) = desk.seat.take() {
                reactor.vacate(seat, desk.running.get());
            }
        });
    }
    let (reactor, buffers, events) = (reactor.clone(), Buffers::new(), Vec::with_capacity(EVENTS));
    let mut worker = Worker { reactor, desk, buffers, events };
    let mut is_new = true;
    while let Some(seat) = worker.reactor.next_seat(number, std::mem::take(&mut is_new)) {
        worker.attend(seat);
    }
}

impl Worker {
    /// Serves a shard until the seat is lost.
    fn attend(&mut self, seat: Seat) {
        let reactor = self.reactor.clone();
        let shard = &reactor.shards[seat.shard];
        while let Plan::Wait { timeout, due } = shard.plan(seat.term) {
            let is_interrupted = !shard.wait(&mut self.events, timeout);
            let mut events = std::mem::take(&mut self.events);
            for event in &events {
                let key = Key::of(event);
                match shard.take(key, seat.term) {
                    Ok(taken) => self.run(seat, taken, |guest, buffers| guest.advance(buffers)),
                    Err(NotTaken::Nothing) => {}
                    Err(NotTaken::NotSeated) => break,
                }
            }
            // No more of them than of the others, so that a crowd at the door doesn't hold up those inside.
            for taken in (0..EVENTS).map_while(|_| shard.take_fresh(seat.term)) {
                self.run(seat, taken, |guest, buffers| guest.start(buffers));
            }
            // As of `due` all others were silent; more events than we could take may have been theirs.
            let is_all = events.len() < EVENTS && !is_interrupted;
            events.clear();
            self.events = events;
            while let Some(now) = due
                && is_all
                && let Some((taken, result)) = shard.take_due(now, seat.term)
            {
                self.begin(seat, &taken);
                self.end(seat, taken, result);
            }
        }
    }

    fn begin(&self, seat: Seat, taken: &Taken) {
        self.desk.seat.set(Some(seat));
        self.desk.running.set(Some(taken.key));
        if taken.calls_watch {
            self.reactor.call_watch();
        }
    }

    fn run(&mut self, seat: Seat, mut taken: Taken, run: fn(&mut dyn Guest, &mut Buffers) -> Step) {
        self.begin(seat, &taken);
        let result = match run(&mut *taken.guest, &mut self.buffers) {
            Step::Park => {
                let shard = &self.reactor.shards[seat.shard];
                match shard.put_back(taken.key, taken.guest, seat.term) {
                    Ok(()) => return,
                    Err((guest, result)) => {
                        taken.guest = guest;
                        result
                    }
                }
            }
            Step::End(result) => result,
            Step::Over => Ok(()),
        };
        self.end(seat, taken, result);
    }

    fn end(&mut self, seat: Seat, taken: Taken, result: HandlerResult) {
        let shard = &self.reactor.shards[seat.shard];
        shard.remove(taken.key);
        self.desk.running.set(None);
        taken.guest.end(result, &mut self.buffers);
        shard.ended(seat.term);
    }
}
