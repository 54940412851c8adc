//! A process that serves beside others, on the listening socket that they share: as its parent sees it.

use crate::{
    Acceptor, Bell, ServerHooks, Stats, Transport, WorkerProcess,
    core::Core,
    crowd::Relay,
    link::Link,
    signals::Ear,
    slot::{Wish, WorkerPhase},
    worker_process::{CANNOT_WORK, WorkerSide},
};
use socketserver_sys::{Fork, fork};
use std::{
    fmt, io,
    sync::Arc,
    time::{Duration, Instant},
};

/// How a worker process is to live.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorkerSettings {
    /// The number of the socket that it alone accepts on: 0 is the server's own, others are on the same address, and are opened when they
    /// are first needed (see [`Acceptor::open_sockets`]). `None` is the server's own, which it shares with others.
    pub socket: Option<usize>,
    /// After so many requests it stops accepting, finishes those in progress, and ends. `None` is never.
    pub max_requests: Option<u64>,
    /// How long requests in progress may go on when the worker ends for a reason of its own: `max_requests`, SIGTERM, its parent's
    /// death. `None` is for ever.
    pub grace: Option<Duration>,
    /// How often its loop shows that it comes round, at the least. `None` is whenever it happens to.
    pub beat_every: Option<Duration>,
}

/// Which side of [`Acceptor::fork_worker`] the caller is on.
#[derive(Debug)]
pub enum ForkedWorker<T: Transport, S: ServerHooks<T>> {
    /// The process that called, with the means to steer the other one.
    Parent(Worker),
    /// The new process, whose duty it is to [`run`](WorkerProcess::run).
    Child(WorkerProcess<T, S>),
}

/// A worker process, as its parent sees it. To be dropped when the process has ended and has been waited for: what it counted is then
/// added to the server's [`Stats`], requests that it took to its grave as failed.
pub struct Worker {
    pid: i32,
    link: Arc<Link>,
    relay: Arc<Relay>,
    core: Arc<Core>,
    overstays: bool,
}

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// Forks a process that is to serve beside this one and others, on the same listening socket. It has a copy of everything, but
    /// its own wake-up descriptor, list of connections, and count of those in progress: limits hold in each process. `news` is
    /// rung when there is something new about it.
    ///
    /// Fork before the process has threads: in the child there is only the one that called, and a lock that another one held stays locked.
    ///
    /// # Errors
    /// What fork(2) reports, and what preparing it does: no descriptors, no memory.
    pub fn fork_worker(&self, settings: WorkerSettings, news: &Arc<Bell>) -> io::Result<ForkedWorker<T, S>> {
        let core = &self.shared.core;
        let relay = core.relay(settings.socket.unwrap_or(0))?;
        core.counters.share()?;
        let number = core.next_worker();
        let (link, heard) = Link::new(number)?;
        let link = Arc::new(link);
        // Held across the fork, so that the child's copies are not locked by threads that it doesn't have.
        let mut workers = core.workers.lock();
        let mut sockets = self.shared.listening.hold();
        let before = sockets.count();
        let transport = sockets.get(settings.socket.unwrap_or(0))?;
        let held = core.hold();
        let forked = fork().inspect_err(|_| sockets.truncate(before)); // nobody would accept on a new one
        match forked? {
            Fork::Parent(pid) => {
                drop(held);
                transport.leave_to_worker();
                workers.push(link.clone());
                let pid = pid.as_raw_nonzero().get();
                link.slot.set_pid(pid);
                Ok(ForkedWorker::Parent(Worker { pid, link, relay, core: core.clone(), overstays: false }))
            }
            Fork::Child(child) => {
                child.restore_signals();
                // While a sibling has the parent's end of another's control, that one doesn't hear of our parent's death.
                workers.drain(..).for_each(|sibling| sibling.close_in_child(&child));
                let (slot, nudge) = link.become_worker(&child);
                drop(workers);
                sockets.keep_only(&transport, &child);
                drop(sockets);
                let side = WorkerSide::new(number, slot, news, nudge.clone(), settings, relay);
                let ear = Ear::Parent { heard, nudge, grace: settings.grace };
                if core.become_worker(held, side, ear, &child).is_err() {
                    child.exit(CANNOT_WORK);
                }
                let acceptor = Acceptor::for_worker(&self.shared, transport, settings.socket.is_some());
                Ok(ForkedWorker::Child(WorkerProcess::new(child, acceptor)))
            }
        }
    }
}

impl Worker {
    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// What it is doing.
    pub fn phase(&self) -> WorkerPhase {
        self.link.slot.phase()
    }

    /// A number that grows as its loop comes round, and whether the loop is inside a request, from which it comes round when that ends.
    pub fn pulse(&self) -> (u64, bool) {
        (self.link.slot.beats(), self.link.slot.is_in_request())
    }

    /// What it has done.
    pub fn stats(&self) -> Stats {
        let counts = self.link.counts();
        counts.into_stats()
    }

    /// Tells it to stop accepting, and to end when the requests in progress have; those that overstay `grace` are ended by force.
    /// Returns at once. A later call counts instead of an earlier one.
    pub fn stop(&self, grace: Option<Duration>) {
        self.link.wish(Wish::Stop(grace.and_then(|grace| Instant::now().checked_add(grace))));
    }

    /// As [`stop`](Self::stop), but only this process ends, and others serve on: who has connected to it and hasn't asked yet is waited for a while.
    pub fn retire(&self, grace: Option<Duration>) {
        self.link.wish(Wish::Retire(grace.and_then(|grace| Instant::now().checked_add(grace))));
    }

    /// Tells it to stop accepting when nobody waits in its socket any more. For one whose socket is given up: what waits there when the last
    /// process closes it is lost.
    pub fn leave(&self) {
        self.link.wish(Wish::Leave);
    }

    /// It is about to be killed because it overstays its grace: what is in progress in it then counts as ended by force.
    pub fn overstays(&mut self) {
        self.overstays = true;
    }

    /// Why it couldn't take in anybody, of its first request on: the listening socket is unusable, and is for whoever takes its place.
    pub fn unusable(&self) -> Option<io::Error> {
        self.link.slot.why_it_cannot_accept().filter(|_| self.stats().accepted == 0)
    }

    /// Whether a handler in it has asked for the whole server to stop, and how long requests in progress may go on then. Said once.
    pub fn asks_to_stop(&self) -> Option<Option<Duration>> {
        self.link.slot.take_ask()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut workers = self.core.workers.lock();
        if let Some(place) = workers.iter().position(|link| Arc::ptr_eq(link, &self.link)) {
            let link = workers.remove(place);
            self.core.counters.settle(link.counts(), self.overstays);
        }
        self.core.tell_watchers();
        // It may have been woken for a client, and have ended before it came to it.
        self.relay.call();
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("pid", &self.pid).field("phase", &self.phase()).finish_non_exhaustive()
    }
}
