//! The requests in progress that hold a connection or a child, so that they can be listed, counted by peer, and ended from outside.

mod by_peer;
mod entry;

use crate::ConnectionInfo;
use by_peer::ByPeer;
use entry::{Child, Closer, Entry};
use socketserver_net::{Address, Connection, Traffic};
use socketserver_sys::{ForkMutex, sync::ForkMutexGuard};
use std::{collections::HashMap, fmt, time::Instant};

pub(crate) use entry::ServedBy;

#[derive(Default)]
pub(crate) struct Entries {
    by_id: HashMap<u64, Entry>,
    /// Only if they are limited.
    by_peer: Option<ByPeer>,
}

#[derive(Default)]
pub(crate) struct Registry(ForkMutex<Entries>);

impl Registry {
    /// For a fork: while this is held, nobody else holds it.
    pub(crate) fn hold(&self) -> ForkMutexGuard<'_, Entries> {
        self.0.lock()
    }

    /// Lists a connection. False if its peer has as many as it may: then this one counts for nothing, however long it takes to turn it away.
    pub(crate) fn insert(&self, id: u64, peer: Address, connection: Option<&Connection>) -> bool {
        let closer = connection.map_or(Closer::Nothing, |it| Closer::Connection(it.downgrade()));
        let mut entries = self.0.lock();
        let is_peers = entries.by_peer.as_mut().is_none_or(|by_peer| by_peer.try_enter(&peer));
        let entry = Entry {
            peer,
            since: Instant::now(),
            closer,
            is_ended: false,
            is_peers,
            waits: false,
            child: None,
        };
        entries.by_id.insert(id, entry);
        is_peers
    }

    /// Takes one from the list. Whether it has been ended by force. At the same moment, as far as [`with_traffic`](Self::with_traffic) can see, `count`
    /// has counted what has passed.
    pub(crate) fn remove(&self, id: u64, count: impl FnOnce()) -> bool {
        let mut entries = self.0.lock();
        let Entries { by_id, by_peer } = &mut *entries;
        let entry = by_id.remove(&id);
        if let (Some(entry), Some(by_peer)) = (entry.as_ref().filter(|it| it.is_peers), by_peer) {
            by_peer.leave(&entry.peer);
        }
        count();
        entry.is_some_and(|entry| entry.is_ended)
    }

    /// One is over but for its close: its peer may have another.
    pub(crate) fn leave_peer(&self, id: u64) {
        let mut entries = self.0.lock();
        let Entries { by_id, by_peer } = &mut *entries;
        if let Some(entry) = by_id.get_mut(&id)
            && std::mem::take(&mut entry.is_peers)
            && let Some(by_peer) = by_peer
        {
            by_peer.leave(&entry.peer);
        }
    }

    /// Who one is from.
    pub(crate) fn peer(&self, id: u64) -> Option<Address> {
        self.0.lock().by_id.get(&id).map(|entry| entry.peer.clone())
    }

    /// Whether one has been ended by force.
    pub(crate) fn is_ended(&self, id: u64) -> bool {
        self.0.lock().by_id.get(&id).is_some_and(|entry| entry.is_ended)
    }

    /// What has passed on the connections that are listed, and what `read` reads: as of the same moment.
    pub(crate) fn with_traffic<R>(&self, read: impl FnOnce() -> R) -> (R, Traffic) {
        let entries = self.0.lock();
        let open = entries.by_id.values().map(Entry::traffic).fold(Traffic::default(), |sum, it| Traffic {
            bytes_in: sum.bytes_in + it.bytes_in,
            bytes_out: sum.bytes_out + it.bytes_out,
        });
        (read(), open)
    }

    /// From now on that is how it is ended.
    pub(crate) fn set_closer(&self, id: u64, close: Box<dyn Fn() + Send>) {
        if let Some(entry) = self.0.lock().by_id.get_mut(&id) {
            entry.closer = Closer::Other(close);
        }
    }

    /// From now on a child serves it, which can be killed, and told that the server stops; at once if it does.
    pub(crate) fn hand_over(&self, id: u64, to: ServedBy, stops: impl FnOnce() -> bool) {
        if let Some(entry) = self.0.lock().by_id.get_mut(&id) {
            let ServedBy { pid, seat, kill, tell } = to;
            entry.closer = Closer::Other(kill);
            // Asked under the lock: a server that is told to stop later finds it here.
            if stops() {
                tell();
            }
            entry.child = Some(Child { pid, seat, tell });
        }
    }

    /// How many connections one peer may have; those that there are stay, and count.
    pub(crate) fn limit_peers(&self, max: Option<usize>) {
        let mut entries = self.0.lock();
        let Entries { by_id, by_peer } = &mut *entries;
        match (max, by_peer) {
            (Some(max), Some(by_peer)) => by_peer.max = max,
            (None, by_peer) => *by_peer = None,
            (Some(max), none) => {
                let mut counted = ByPeer { max, counts: HashMap::new() };
                for entry in by_id.values().filter(|it| it.is_peers) {
                    counted.enter(&entry.peer); // those inside stay, however many
                }
                *none = Some(counted);
            }
        }
    }

    pub(crate) fn peer_limit(&self) -> Option<usize> {
        self.0.lock().by_peer.as_ref().map(|it| it.max)
    }

    pub(crate) fn list(&self) -> Vec<ConnectionInfo> {
        let now = Instant::now();
        let mut list: Vec<_> = self.0.lock().by_id.iter().map(|(id, it)| it.info(*id, now)).collect();
        list.sort_unstable_by_key(|it| it.id);
        list
    }

    /// Ends one; it still has to notice. False if there is no such connection, or it has been ended before.
    pub(crate) fn close(&self, id: u64, tell: impl FnOnce()) -> bool {
        let mut entries = self.0.lock();
        let Some(entry) = entries.by_id.get_mut(&id).filter(|entry| !entry.is_ended) else { return false };
        tell();
        entry.end();
        true
    }

    /// Whether one waits for room.
    pub(crate) fn set_waits(&self, id: u64, waits: bool) {
        if let Some(entry) = self.0.lock().by_id.get_mut(&id) {
            entry.waits = waits;
        }
    }

    /// Ends all of them, but those that wait for room; they still have to notice. How many hadn't been ended before is told first, so that nobody who sees
    /// one end misses it in the count.
    pub(crate) fn close_all(&self, tell: impl FnOnce(usize)) {
        let mut entries = self.0.lock();
        let inside = |entry: &&mut Entry| !entry.is_ended && !entry.waits;
        tell(entries.by_id.values_mut().filter(inside).count());
        entries.by_id.values_mut().filter(inside).for_each(Entry::end);
    }

    /// Whether there are clients who haven't said anything yet, on connections that go on.
    pub(crate) fn has_newcomers(&self) -> bool {
        self.0.lock().by_id.values().any(Entry::is_new)
    }

    /// Ends the waits of threads and children for the next request on a connection.
    pub(crate) fn close_idle(&self) {
        self.0.lock().by_id.values().for_each(Entry::end_if_idle);
    }
}

impl Entries {
    /// For a worker process, which begins anew with the same limits: the connections are its parent's.
    pub(crate) fn leave_to_parent(&mut self) {
        std::mem::forget(std::mem::take(&mut self.by_id));
        if let Some(by_peer) = &mut self.by_peer {
            by_peer.counts.clear();
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
