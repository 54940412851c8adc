//! A thread that runs handlers.

use super::{
    Reactor,
    crew::Seat,
    guest::{Guest, Step},
    seat::{NotTaken, Plan, Taken},
    slots::{Awaits, Key},
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
    /// Until it has left it.
    seat: Cell<Option<Seat>>,
    /// In which shard, and what.
    running: Cell<Option<(usize, Key)>>,
}

/// Sees to it that a worker which dies is missed.
struct Mourner {
    reactor: Arc<Reactor>,
    number: u64,
    desk: Rc<Desk>,
}

impl Drop for Mourner {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.reactor.bury(self.number, self.desk.seat.get(), self.desk.running.get());
        }
    }
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
    let _mourner = Mourner { reactor: reactor.clone(), number, desk: desk.clone() };
    {
        let (reactor, desk) = (reactor.clone(), desk.clone());
        before_waiting(move || {
            // Once for each handler: who has left its seat waits as it likes.
            if let Some(seat) = desk.seat.take() {
                reactor.vacate(seat, desk.running.get().map(|(_, key)| key));
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
        self.desk.seat.set(Some(seat));
        while let Plan::Wait { timeout, due } = shard.plan(seat.term) {
            shard.wait(&mut self.events, timeout);
            let mut events = std::mem::take(&mut self.events);
            for event in &events {
                let key = Key::of(event);
                match shard.take(key, seat.term) {
                    Ok(taken) if taken.is_doubtful => self.run_if_arrived(seat, taken),
                    Ok(taken) => self.run(seat, taken),
                    Err(NotTaken::Nothing) => {}
                    Err(NotTaken::NotSeated) => break,
                }
            }
            events.clear();
            self.events = events;
            // No more of these than of the others, so that a crowd at the door doesn't hold up those inside.
            let mut left = None;
            for taken in (0..EVENTS).map_while(|_| shard.take_queued(&mut left, seat.term)) {
                self.run(seat, taken);
            }
            // However much there is to do, or their time limits would be no limits. What has arrived may not have been among the events yet.
            for (taken, result) in (0..EVENTS).map_while(|_| shard.take_due(due?, seat.term)) {
                self.begin(seat, &taken); // before anything of the user's, of which we may die
                if taken.guest.has_arrived() {
                    self.run(seat, taken);
                } else {
                    self.end(seat, taken.key, taken.guest, result);
                }
            }
        }
    }

    fn begin(&self, seat: Seat, taken: &Taken) {
        self.desk.seat.set(Some(seat));
        self.desk.running.set(Some((seat.shard, taken.key)));
        if taken.calls_watch {
            self.reactor.call_watch();
        }
    }

    fn run(&mut self, seat: Seat, mut taken: Taken) {
        self.begin(seat, &taken);
        let guest = &mut taken.guest;
        let step =
            if taken.is_new { guest.start(&mut self.buffers) } else { guest.advance(&mut self.buffers) };
        let key = taken.key;
        let awaits = match step {
            Step::Park => Awaits::Client,
            Step::Queue => Awaits::Turn,
            Step::End(result) => return self.end(seat, key, taken.guest, result),
            Step::Over => return self.end(seat, key, taken.guest, Ok(())),
        };
        if !taken.is_new && self.reactor.home(taken.number) != seat.shard {
            return self.move_home(seat, taken, awaits);
        }
        self.put_back(seat, taken, awaits);
    }

    /// Where it isn't known whether there is something to be served.
    fn run_if_arrived(&mut self, seat: Seat, taken: Taken) {
        self.begin(seat, &taken);
        if taken.guest.has_arrived() {
            self.run(seat, taken);
        } else {
            self.put_back(seat, taken, Awaits::Client);
        }
    }

    fn put_back(&mut self, seat: Seat, taken: Taken, awaits: Awaits) {
        let (key, is_new) = (taken.key, taken.is_new);
        match self.reactor.shards[seat.shard].put_back(taken, awaits, seat.term) {
            Ok(()) => self.desk.running.set(None),
            Err((guest, result)) => {
                let has_first = is_new && guest.has_arrived();
                let awaits = if has_first { Awaits::Turn } else { awaits };
                let (guest, result) = self.serve_out(guest, result, awaits);
                self.end(seat, key, guest, result);
            }
        }
    }

    fn move_home(&mut self, seat: Seat, taken: Taken, awaits: Awaits) {
        self.desk.running.set(None);
        if let Err((guest, result)) = self.reactor.move_home(seat, taken, awaits) {
            let (guest, result) = self.serve_out(guest, result, awaits);
            guest.end(result, &mut self.buffers);
        }
        self.reactor.shards[seat.shard].ended(seat.term);
    }

    /// Before a connection is ended that waited for another turn: it gets all that it still needs, since what has been read is served.
    fn serve_out(
        &mut self,
        mut guest: Box<dyn Guest>,
        mut result: HandlerResult,
        mut awaits: Awaits,
    ) -> (Box<dyn Guest>, HandlerResult) {
        while awaits == Awaits::Turn && result.is_ok() {
            match guest.advance(&mut self.buffers) {
                Step::Queue => {}
                Step::Park | Step::Over => awaits = Awaits::Client,
                Step::End(ended) => (awaits, result) = (Awaits::Client, ended),
            }
        }
        (guest, result)
    }

    fn end(&mut self, seat: Seat, key: Key, guest: Box<dyn Guest>, result: HandlerResult) {
        let shard = &self.reactor.shards[seat.shard];
        shard.remove(key);
        self.desk.running.set(None);
        guest.end(result, &mut self.buffers);
        shard.ended(seat.term);
    }
}
