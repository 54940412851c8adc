//! What runs the connections.
//!
//! | file | role |
//! |---|---|
//! | `guest` | a connection with its handler, without its types |
//! | `shard`, `slots`, `timers` | an epoll with the connections that wait in it, their places, their deadlines |
//! | `seat`, `rest` | what the worker in front of a shard takes from it, and puts back |
//! | `spread` | over how many shards the connections are spread |
//! | `worker`, `crew`, `watch` | the threads, who sits where, and who sees that one is stuck |

mod crew;
mod guest;
#[cfg(all(test, loom))]
mod models;
mod rest;
mod seat;
mod shard;
mod slots;
mod spread;
mod timers;
mod watch;
mod worker;

#[cfg(test)]
mod deaths;
#[cfg(test)]
mod late;
#[cfg(test)]
mod tests;

use super::Settings;
use crate::sync::Mutex;
use crew::{Crew, Seat};
use guest::{Guest, Visit};
use seat::Taken;
use shard::{NotAdmitted, NotAdopted, Shard};
use slots::Awaits;
use socketserver_core::{Event, Job, ServerHooks, Transport};
use socketserver_handlers::HandlerResult;
use socketserver_net::{Request, Wire};
use std::{
    fmt, io,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// A reactor that is started by its first connection.
pub(super) struct Engine {
    pub(super) settings: Settings,
    life: Mutex<Life>,
}

enum Life {
    Fresh,
    Running(Arc<Reactor>),
    /// Until its threads have ended, it is still there.
    Closed(Option<Arc<Reactor>>),
}

/// The shards, and who serves them.
struct Reactor {
    shards: Box<[Shard]>,
    crew: Crew,
    settings: Settings,
    /// The first so many shards are in use.
    in_use: AtomicUsize,
    /// Counts connections.
    next: AtomicUsize,
    is_drained: AtomicBool,
    /// A thread is needed, and could not be started.
    lacks_thread: AtomicBool,
}

impl Engine {
    pub(super) fn new(settings: Settings) -> Self {
        Engine { settings, life: Mutex::new(Life::Fresh) }
    }

    /// Takes in a connection. Gives it back if there is no socket to wait on.
    pub(super) fn admit<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) -> Option<Job<T, S>> {
        let Some(connection) = job.request().connection().filter(|it| it.socket().is_some()) else {
            return Some(job);
        };
        // It must not count as a view that somebody kept.
        let wire = connection.downgrade();
        drop(connection);
        match self.reactor() {
            Ok(reactor) => {
                if !job.is_draining() {
                    reactor.resume();
                }
                if let Some(error) = reactor.try_again() {
                    job.emit(&Event::WorkerNotStarted { error: &error, back_off: Duration::ZERO });
                }
                reactor.admit(Box::new(Visit::New(job)), wire);
            }
            Err(error) => drop(job.fail(format!("no threads for this connection: {error}"))),
        }
        None
    }

    fn reactor(&self) -> io::Result<Arc<Reactor>> {
        let mut life = self.life.lock();
        match &*life {
            Life::Running(reactor) => Ok(reactor.clone()),
            Life::Closed(_) => Err(io::Error::other("the server is closed")),
            Life::Fresh => {
                let reactor = Reactor::start(&self.settings)?;
                *life = Life::Running(reactor.clone());
                Ok(reactor)
            }
        }
    }

    /// Closes the connections that wait, and those that are being served when they would wait again.
    pub(super) fn drain(&self) {
        if let Some(reactor) = self.started() {
            reactor.is_drained.store(true, Relaxed);
            reactor.shards.iter().for_each(|shard| shard.drain(false));
        }
    }

    /// Closes all connections and sends the threads home; waits for what they run, if the settings say so.
    pub(super) fn close(&self) {
        let started = self.started();
        *self.life.lock() = Life::Closed(started.clone());
        if let Some(reactor) = started {
            reactor.close(self.settings.block_on_close);
            if reactor.threads() == 0 {
                *self.life.lock() = Life::Closed(None);
            }
        }
    }

    pub(super) fn threads(&self) -> usize {
        self.started().map_or(0, |reactor| reactor.threads())
    }

    pub(super) fn in_use(&self) -> usize {
        self.started().map_or(0, |reactor| reactor.in_use.load(Relaxed))
    }

    pub(super) fn parked(&self) -> usize {
        self.started().map_or(0, |reactor| reactor.shards.iter().map(Shard::parked).sum())
    }

    fn started(&self) -> Option<Arc<Reactor>> {
        match &*self.life.lock() {
            Life::Fresh => None,
            Life::Running(reactor) => Some(reactor.clone()),
            Life::Closed(reactor) => reactor.clone(),
        }
    }
}

impl Reactor {
    fn start(settings: &Settings) -> io::Result<Arc<Self>> {
        let epoch = Instant::now();
        let reactor = Arc::new(Reactor {
            shards: (0..settings.workers).map(|_| Shard::new(epoch)).collect::<io::Result<_>>()?,
            crew: Crew::default(),
            settings: settings.clone(),
            in_use: AtomicUsize::new(1),
            next: AtomicUsize::new(0),
            is_drained: AtomicBool::new(false),
            lacks_thread: AtomicBool::new(false),
        });
        if let Err(error) = reactor.hire() {
            reactor.close(true); // those that were started
            return Err(error);
        }
        Ok(reactor)
    }

    /// The server serves, perhaps again.
    fn resume(&self) {
        if self.is_drained.swap(false, Relaxed) {
            self.shards.iter().for_each(Shard::resume);
        }
    }

    fn admit(&self, guest: Box<dyn Guest>, wire: Weak<dyn Wire>) {
        let (count, in_use) = (self.next.fetch_add(1, Relaxed), self.in_use.load(Relaxed));
        let home = self.emptiest(count, in_use);
        // Any number that makes it belong there, so that it stays as long as so many are in use.
        let number = (count % (usize::from(u16::MAX) / in_use).max(1) * in_use + home) as u16;
        let admitted = self.shards[home].admit(guest, wire, number);
        // Where nobody sits any more since a moment ago, it moves on. Somebody always sits at the first.
        let admitted = admitted.or_else(|refused| match refused {
            NotAdmitted::Unmanned(guest, wire) => self.shards[0].admit(guest, wire, number),
            refused => Err(refused),
        });
        match admitted {
            Ok(()) => {}
            Err(NotAdmitted::Failed(guest, error)) => guest.refuse(error),
            Err(NotAdmitted::Unmanned(guest, _)) => guest.refuse(io::Error::other("the server is closed")),
        }
    }

    /// The shard with the fewest connections, of those in use; of several, each in turn.
    fn emptiest(&self, turn: usize, in_use: usize) -> usize {
        let shards = (0..in_use).map(|i| (turn.wrapping_add(i)) % in_use);
        shards.min_by_key(|index| self.shards[*index].load()).unwrap_or(0)
    }

    /// Lets a connection that belongs elsewhere wait there. If it is to be ended instead, gives it back and says with what.
    fn move_home(
        &self,
        seat: Seat,
        Taken { key, guest, number, .. }: Taken,
        awaits: Awaits,
    ) -> Result<(), (Box<dyn Guest>, HandlerResult)> {
        let Some(wire) = self.shards[seat.shard].remove(key) else { return Err((guest, Ok(()))) };
        let adopted = self.shards[self.home(number)].adopt(guest, wire, number, awaits);
        let adopted = adopted.or_else(|refused| match refused {
            NotAdopted::Unmanned(guest, wire) => self.shards[0].adopt(guest, wire, number, awaits),
            refused => Err(refused),
        });
        adopted.map_err(|refused| match refused {
            NotAdopted::Ended(guest, result) => (guest, result),
            NotAdopted::Unmanned(guest, _) => (guest, Ok(())),
        })
    }

    fn close(self: &Arc<Self>, wait: bool) {
        self.shards.iter().for_each(|shard| shard.drain(true));
        self.dismiss(wait);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("threads", &self.threads()).field("parked", &self.parked()).finish()
    }
}
