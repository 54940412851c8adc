//! Over how many workers the connections are spread: over one, as long as it keeps up.
//!
//! A worker that is awake takes the next requests at the price of a system call for many of them; one that sleeps has to be woken for
//! each few. So requests are cheapest where few workers have much to do, and another is taken into use only if those there are don't keep
//! up and a processor has nothing to do: on one that is busy it would only take time from others, among them perhaps the clients.

use super::Reactor;
use rustix::time::{ClockId, clock_gettime};
use std::{
    fs::File,
    io::Read,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

/// How many looks make a judgement.
const LOOKS: u32 = 10;

/// A shard whose worker was at work in so many of them doesn't keep up.
const MANY: u32 = 8;

/// So much of a processor must be idle for another worker to be of use.
const IDLE: f64 = 0.25;

/// If half of the workers would be busy no longer than this, they are enough.
const ROOM: f64 = 0.8;

/// What has been seen since the last judgement. Kept by the one who watches.
#[derive(Debug, Default)]
pub(super) struct Balance {
    looks: u32,
    /// For each shard, in how many looks its worker was at work.
    at_work: Vec<u32>,
    before: Option<Reading>,
}

/// Clocks, as of one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    /// The time that processors had nothing to do, all of them together; `None` where the system doesn't tell.
    idle: Option<Duration>,
    /// The time that this process has used.
    used: Duration,
}

/// What happened between two readings, in processors.
#[derive(Debug, Clone, Copy)]
struct Use {
    idle: Option<f64>,
    used: f64,
}

impl Balance {
    /// One look at all shards: whether each one's worker is at work. Says over how many the connections are to be spread from now on,
    /// if that is another number than now.
    pub(super) fn look(&mut self, at_work: impl Iterator<Item = bool>, now: usize) -> Option<usize> {
        let at_work = at_work.enumerate().map(|(shard, is_so)| {
            if self.at_work.len() <= shard {
                self.at_work.push(0);
            }
            self.at_work[shard] += u32::from(is_so);
        });
        let shards = at_work.count();
        self.looks += 1;
        if shards == 1 || self.looks < LOOKS {
            return None;
        }
        let keeps_up = !self.at_work[..now.min(shards)].iter().all(|looks| *looks >= MANY);
        (self.looks, self.at_work) = (0, Vec::new());
        if now == 1 && keeps_up {
            self.before = None; // the usual case, which reads no clock
            return None;
        }
        let reading = Reading::take(!keeps_up);
        let since = self.before.replace(reading)?;
        let next = judge(now, shards, keeps_up, reading.since(since));
        (next != now).then_some(next)
    }
}

/// Over how many shards of so many, given what the workers and the processors did.
fn judge(now: usize, shards: usize, keeps_up: bool, Use { idle, used }: Use) -> usize {
    let half = now / 2;
    if !keeps_up && idle.is_none_or(|idle| idle >= IDLE) {
        (now * 2).min(shards)
    } else if keeps_up && half > 0 && used <= ROOM * half as f64 {
        half
    } else {
        now
    }
}

impl Reading {
    fn take(with_idle: bool) -> Self {
        Reading {
            at: Instant::now(),
            idle: with_idle.then(idle_time).flatten(),
            used: clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default(),
        }
    }

    fn since(self, before: Reading) -> Use {
        let wall = (self.at - before.at).as_secs_f64().max(1e-9);
        let idle = self.idle.zip(before.idle).map(|(now, before)| now.saturating_sub(before));
        Use {
            idle: idle.map(|it| it.as_secs_f64() / wall),
            used: self.used.saturating_sub(before.used).as_secs_f64() / wall,
        }
    }
}

/// How long the processors have been idle since the system's start. proc_stat(5): "cpu user nice system idle iowait …", in ticks.
fn idle_time() -> Option<Duration> {
    let mut line = [0; 256];
    let length = File::open("/proc/stat").ok()?.read(&mut line).ok()?;
    let mut fields = std::str::from_utf8(&line[..length]).ok()?.lines().next()?.split_whitespace();
    let ticks: u64 =
        (fields.next()? == "cpu").then(|| fields.skip(3).take(2))?.flat_map(str::parse::<u64>).sum();
    Some(Duration::from_millis(
        ticks.saturating_mul(1000).checked_div(rustix::param::clock_ticks_per_second())?,
    ))
}

impl Reactor {
    /// Which shard a connection of this number belongs to.
    #[inline]
    pub(super) fn home(&self, number: u16) -> usize {
        match self.in_use.load(Relaxed) {
            1 => 0,
            shards => usize::from(number) % shards,
        }
    }

    /// Spreads the connections over so many shards. Each that is in the wrong one then moves after its next request. Gives those at
    /// which nobody sits yet.
    pub(super) fn spread(&self, shards: usize) -> Vec<usize> {
        let (wanted, others) = self.shards.split_at(shards);
        let vacant =
            wanted.iter().enumerate().filter(|(_, shard)| shard.want()).map(|(index, _)| index).collect();
        self.in_use.store(shards, Relaxed);
        others.iter().for_each(|shard| shard.want_no_more());
        vacant
    }
}

impl Reactor {
    /// [`spread`](Self::spread), with a worker for each that needs one. For who doesn't watch.
    #[cfg(test)]
    pub(super) fn respread(self: &std::sync::Arc<Self>, shards: usize) {
        let mut crew = self.crew.state.lock();
        let vacant = self.spread(shards);
        crew.vacant.extend(vacant);
        self.call_reserve(&mut crew);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_worker_is_of_use_where_those_there_are_dont_keep_up_and_a_processor_is_idle() {
        let busy = |idle| Use { idle: Some(idle), used: 1.0 };
        assert_eq!(judge(1, 4, false, busy(1.0)), 2);
        assert_eq!(judge(2, 4, false, busy(1.0)), 4);
        assert_eq!(judge(2, 3, false, busy(1.0)), 3);
        assert_eq!(judge(4, 4, false, busy(1.0)), 4);
        assert_eq!(judge(1, 4, true, busy(1.0)), 1);
        assert_eq!(judge(1, 4, false, busy(0.1)), 1);
        assert_eq!(judge(1, 4, false, Use { idle: None, used: 1.0 }), 2, "where the system doesn't say");
    }

    #[test]
    fn half_of_them_are_enough_if_they_would_keep_up() {
        let used = |used| Use { idle: Some(1.0), used };
        assert_eq!(judge(4, 4, true, used(1.5)), 2);
        assert_eq!(judge(4, 4, true, used(1.7)), 4);
        assert_eq!(judge(2, 4, true, used(0.1)), 1);
        assert_eq!(judge(1, 4, true, used(0.0)), 1);
        // Handlers that sleep use no processor, and keep the others waiting all the same.
        assert_eq!(judge(4, 4, false, used(0.1)), 4);
    }

    #[test]
    fn one_busy_look_is_no_reason() {
        let mut balance = Balance::default();
        for look in 0..100 {
            assert_eq!(balance.look([look % 2 == 0, false].into_iter(), 1), None);
        }
        assert!(balance.before.is_none(), "no clock is read");
    }

    #[test]
    fn two_of_them_go_back_to_one_when_nothing_happens() {
        let mut balance = Balance::default();
        let told = (0..3 * LOOKS).find_map(|_| {
            std::thread::yield_now();
            balance.look([false, false].into_iter(), 2)
        });
        // Other tests of this process may be using all processors.
        assert!(told.is_none_or(|it| it == 1), "{told:?}");
    }

    #[test]
    fn the_system_tells_how_long_its_processors_were_idle() {
        let before = idle_time().unwrap();
        assert!(before > Duration::ZERO && idle_time().unwrap() >= before);
    }
}
