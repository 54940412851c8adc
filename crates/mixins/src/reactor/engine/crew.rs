//! Who sits where: workers, those who rest, and the one of these who keeps watch.

use super::{Reactor, shard::Term, slots::Key, spread::Balance, watch::Watched, worker::work};
use crate::{
    at_end::AtEnd,
    sync::{
        Condvar, Mutex,
        thread::{self, JoinHandle},
    },
};
#[cfg(loom)]
use socketserver_sys::sync::thread_local;
use std::{
    cell::Cell,
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

/// How long a worker without a seat waits for one before it ends.
const REST: Duration = Duration::from_secs(10);

/// A place in front of a shard, for one worker at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub(super) shard: usize,
    pub(super) term: Term,
}

/// The threads.
#[derive(Default)]
pub(super) struct Crew {
    pub(super) state: Mutex<State>,
    /// For those who rest.
    bell: Condvar,
    /// For the one who watches.
    pub(super) watch_bell: Condvar,
    /// Held while the threads are joined, so that all who close come back when they have ended.
    joining: Mutex<()>,
}

#[derive(Default)]
pub(super) struct State {
    /// Shards at which nobody sits.
    pub(super) vacant: VecDeque<usize>,
    /// A worker has called the watch.
    pub(super) is_called: bool,
    pub(super) is_closed: bool,
    pub(super) balance: Balance,
    /// The one who watches.
    watcher: Option<u64>,
    /// Workers without a seat, beside the one who watches.
    resting: usize,
    /// Threads that have not ended.
    alive: usize,
    /// Those of them that have been started and have not got as far as asking for a seat.
    coming: usize,
    started: u64,
    /// Why the last one that was needed could not be started; not told yet.
    not_started: Option<io::Error>,
    handles: HashMap<u64, JoinHandle<()>>,
    /// Those at their very end, to be forgotten by whoever comes next; when the pool is closed, joined as all others.
    finished: Vec<u64>,
}

thread_local! {
    /// Which reactor this thread works for: its address.
    static WORKS_FOR: Cell<usize> = const { Cell::new(0) };
}

impl Reactor {
    /// Starts a worker for the first shard, and one in reserve, which sees when more are needed. Where there may be none, all work.
    pub(super) fn hire(self: &Arc<Self>) -> io::Result<()> {
        let mut crew = self.crew.state.lock();
        let has_reserve = self.settings.max_workers > self.shards.len();
        let in_use = if has_reserve { 1 } else { self.shards.len() };
        let vacant = self.spread(in_use);
        crew.vacant.extend(vacant);
        let threads = in_use + usize::from(has_reserve);
        (0..threads).try_for_each(|_| self.start_thread(&mut crew))
    }

    /// Waits for a seat. `None` sends the worker home.
    pub(super) fn next_seat(self: &Arc<Self>, number: u64, is_new: bool) -> Option<Seat> {
        let mut crew = self.crew.state.lock();
        if is_new {
            crew.coming -= 1;
        }
        let seat = loop {
            if let Some(shard) = crew.vacant.pop_front() {
                break Some(shard);
            }
            if crew.watcher.is_none() {
                crew.watcher = Some(number);
                let watched = self.watch(&mut crew);
                crew.watcher = None;
                match watched {
                    Watched::Stalled(shard) => break Some(shard),
                    Watched::Vacancy => continue,
                    Watched::Closed => break None,
                }
            }
            if crew.is_closed {
                break None;
            }
            crew.resting += 1;
            let is_over = self.crew.bell.wait_for(&mut crew, REST).timed_out();
            crew.resting -= 1;
            if is_over && crew.vacant.is_empty() && crew.watcher.is_some() {
                break None;
            }
        };
        if seat.is_none() {
            crew.alive -= 1;
        }
        self.call_reserve(&mut crew);
        seat.map(|shard| Seat { shard, term: self.shards[shard].sit() })
    }

    /// The worker on this seat is about to wait in a handler: it gets up, and another takes its place.
    pub(super) fn vacate(self: &Arc<Self>, seat: Seat, running: Option<Key>) {
        if self.shards[seat.shard].vacate(seat.term, running) {
            let mut crew = self.crew.state.lock();
            crew.vacant.push_back(seat.shard);
            self.call_reserve(&mut crew);
        }
    }

    /// Does the books of a worker that dies: of a panic which no guard has caught, in a wire of the user's own perhaps, or by our fault. Its seat is
    /// vacant, the connection that it ran is lost, and another thread may be started in its place.
    pub(super) fn bury(self: &Arc<Self>, number: u64, seat: Option<Seat>, running: Option<(usize, Key)>) {
        if let Some((shard, key)) = running {
            self.shards[shard].remove(key);
        }
        let vacant = seat.filter(|seat| self.shards[seat.shard].vacate(seat.term, None));
        let mut crew = self.crew.state.lock();
        crew.vacant.extend(vacant.map(|seat| seat.shard));
        crew.alive -= 1;
        if crew.watcher == Some(number) {
            crew.watcher = None;
        }
        self.call_reserve(&mut crew);
    }

    /// Sees to it that somebody takes a vacant seat, and that somebody watches.
    pub(super) fn call_reserve(self: &Arc<Self>, crew: &mut State) {
        let is_complete = crew.vacant.is_empty() && (crew.watcher.is_some() || crew.is_closed);
        if is_complete || crew.coming > 0 {
            return; // who comes will do the same when it has a seat
        }
        if crew.resting > 0 {
            self.crew.bell.notify_one();
        } else if crew.watcher.is_some() {
            self.crew.watch_bell.notify_one();
        } else if crew.alive < self.settings.max_workers.max(self.shards.len()) {
            // Without it, the next worker that comes back from its handler takes the seat, unless the next client comes before that.
            if let Err(error) = self.start_thread(crew) {
                crew.not_started = Some(error);
                self.lacks_thread.store(true, Relaxed);
            }
        }
    }

    /// Tries again to start a thread that could not be started, if there is one. Gives why it couldn't.
    pub(super) fn try_again(self: &Arc<Self>) -> Option<io::Error> {
        if !self.lacks_thread.swap(false, Relaxed) {
            return None;
        }
        let mut crew = self.crew.state.lock();
        let error = crew.not_started.take();
        self.call_reserve(&mut crew);
        error
    }

    fn start_thread(self: &Arc<Self>, crew: &mut State) -> io::Result<()> {
        crew.forget_finished();
        let (reactor, number) = (self.clone(), crew.started);
        let mut builder = thread::Builder::new().name(format!("{}-{number}", self.settings.thread_name));
        if let Some(bytes) = self.settings.stack_size {
            builder = builder.stack_size(bytes);
        }
        let handle = builder.spawn(move || {
            WORKS_FOR.with(|it| it.set(Arc::as_ptr(&reactor).addr()));
            let at = Arc::downgrade(&reactor); // it isn't to be the last who has it
            let _end = AtEnd::call(move || {
                if let Some(reactor) = at.upgrade() {
                    reactor.crew.state.lock().finished.push(number);
                }
            });
            work(&reactor, number)
        })?;
        crew.alive += 1;
        crew.coming += 1;
        crew.started += 1;
        crew.handles.insert(number, handle);
        Ok(())
    }

    /// How many threads there are.
    pub(super) fn threads(&self) -> usize {
        let mut crew = self.crew.state.lock();
        crew.forget_finished();
        crew.handles.len()
    }

    /// Sends the threads home when their handlers have ended, and waits for them. A handler that closes its own server can't
    /// wait for itself, nor for others that may be doing the same; it leaves that to whoever closes from outside.
    pub(super) fn dismiss(self: &Arc<Self>, wait: bool) {
        let mut crew = self.crew.state.lock();
        crew.is_closed = true;
        self.crew.bell.notify_all();
        self.crew.watch_bell.notify_one();
        drop(crew);
        if !wait || WORKS_FOR.with(|it| it.get()) == Arc::as_ptr(self).addr() {
            return;
        }
        let _joining = self.crew.joining.lock();
        loop {
            // One that a shard still needs may be started meanwhile.
            let handles: Vec<_> = self.crew.state.lock().handles.drain().collect();
            if handles.is_empty() {
                return;
            }
            for (_, handle) in handles {
                let _ = handle.join(); // a worker doesn't panic
            }
        }
    }
}

impl State {
    /// Their handles are let go, not joined: whoever comes here has something else to do than to wait for the system.
    fn forget_finished(&mut self) {
        for number in std::mem::take(&mut self.finished) {
            self.handles.remove(&number);
        }
    }
}
