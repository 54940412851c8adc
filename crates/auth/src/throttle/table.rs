//! Who failed how often; bounded, the longest silent forgotten first.

use super::settings::Settings;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::{Duration, Instant};

pub(super) struct Table<K> {
    peers: HashMap<K, Record>,
    /// The same peers by when they were last heard of.
    silent: BTreeMap<u64, K>,
    clock: u64,
}

struct Record {
    failures: u32,
    /// Since when they wait to be forgiven.
    since: Instant,
    under_way: u32,
    /// The peer's key in `silent`.
    heard: u64,
}

impl Record {
    /// Forgives what time has healed.
    fn heal(&mut self, settings: &Settings, now: Instant) {
        let waited = now.saturating_duration_since(self.since);
        let forgiven = waited.as_nanos() / settings.forgive_after.as_nanos();
        let forgiven = u32::try_from(forgiven).unwrap_or(u32::MAX);
        match self.failures.checked_sub(forgiven) {
            None | Some(0) => {
                self.failures = 0;
                self.since = self.since.max(now);
            }
            Some(left) => {
                self.failures = left;
                self.since += settings.forgive_after.saturating_mul(forgiven);
            }
        }
    }
}

impl<K: Eq + Hash + Clone> Table<K> {
    pub(super) fn new() -> Self {
        Self { peers: HashMap::new(), silent: BTreeMap::new(), clock: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }

    pub(super) fn failures(&mut self, settings: &Settings, peer: &K, now: Instant) -> u32 {
        self.peers.get_mut(peer).map_or(0, |record| {
            record.heal(settings, now);
            record.failures
        })
    }

    /// The delay before the attempt, or the time after which to try again.
    pub(super) fn begin(
        &mut self,
        settings: &Settings,
        peer: &K,
        now: Instant,
    ) -> Result<Duration, Duration> {
        let record = self.hear(settings, peer, now);
        if record.failures >= settings.refuse_at {
            let waited = now.saturating_duration_since(record.since);
            return Err(settings.forgive_after.saturating_sub(waited));
        }
        if record.under_way >= settings.max_under_way {
            return Err(settings.first_delay);
        }
        // A burst of a peer that never failed is just busy; of one that did, it is guessing.
        let suspected = if record.failures > 0 { record.under_way } else { 0 };
        record.under_way += 1;
        Ok(settings.delay(record.failures.saturating_add(suspected)))
    }

    /// The attempt is over; the failures that the peer has now.
    pub(super) fn failed(&mut self, settings: &Settings, peer: &K, now: Instant) -> u32 {
        let record = self.hear(settings, peer, now);
        record.under_way = record.under_way.saturating_sub(1);
        if record.failures == 0 || record.failures < settings.refuse_at {
            record.failures += 1;
        }
        record.since = record.since.max(now);
        record.failures
    }

    /// The attempt is over; nothing was wrong with it, and with `forgive`, nor with earlier ones.
    pub(super) fn ended(&mut self, peer: &K, forgive: bool) {
        let Some(record) = self.peers.get_mut(peer) else { return };
        record.under_way = record.under_way.saturating_sub(1);
        if forgive {
            record.failures = 0;
        }
        if record.failures == 0 && record.under_way == 0 {
            self.silent.remove(&record.heard);
            self.peers.remove(peer);
        }
    }

    /// The peer's record, brought up to date; made if there is none, at the expense of the longest silent one.
    fn hear(&mut self, settings: &Settings, peer: &K, now: Instant) -> &mut Record {
        if !self.peers.contains_key(peer)
            && self.peers.len() >= settings.capacity
            && let Some((_, forgotten)) = self.silent.pop_first()
        {
            self.peers.remove(&forgotten);
        }
        self.clock += 1;
        let heard = self.clock;
        self.silent.insert(heard, peer.clone());
        let fresh = Record { failures: 0, since: now, under_way: 0, heard };
        let record = self.peers.entry(peer.clone()).or_insert(fresh);
        if record.heard != heard {
            self.silent.remove(&record.heard);
            record.heard = heard;
        }
        record.heal(settings, now);
        record
    }
}
