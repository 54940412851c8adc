//! Whatever is counted, in any order, by several threads, in several processes: the sums are what a plain count would say.

use super::{Counters, Counts, Refusals, Stats, Timeouts};
use crate::{Outcome, Refusal, outcome::DEADLINES, slot::Slot};
use proptest::{collection::vec, prelude::*};
use socketserver_net::{Deadline, Traffic};
use std::{sync::Arc, thread};

/// What may happen.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// A request comes, and ends so; by force or not; so much has passed.
    Request(Outcome, bool, Traffic),
    /// One that comes, and hasn't ended.
    Stays,
    CutOff,
    AcceptFailed,
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    let plain = vec![
        Outcome::Completed,
        Outcome::Failed,
        Outcome::Panicked,
        Outcome::Disconnected,
        Outcome::Dropped,
        Outcome::InChild(None),
    ];
    prop_oneof![
        prop::sample::select(plain),
        (-1..3).prop_map(|status| Outcome::InChild(Some(status))),
        prop::sample::select(&DEADLINES[..]).prop_map(Outcome::TimedOut),
        prop::sample::select(&Refusal::ALL[..]).prop_map(Outcome::Refused),
    ]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let traffic =
        (0..1_u64 << 40, 0..1_u64 << 40).prop_map(|(bytes_in, bytes_out)| Traffic { bytes_in, bytes_out });
    let request = (outcomes(), any::<bool>(), traffic)
        .prop_map(|(outcome, forced, traffic)| Act::Request(outcome, forced, traffic));
    vec(
        prop_oneof![8 => request, 2 => Just(Act::Stays), 1 => Just(Act::CutOff), 1 => Just(Act::AcceptFailed)],
        0..60,
    )
}

fn does(counters: &Counters, act: Act) {
    match act {
        Act::Request(outcome, forced, traffic) => {
            counters.accepted();
            counters.entered();
            counters.forced(forced.into());
            counters.passed(traffic);
            counters.ended(outcome);
            counters.left();
        }
        Act::Stays => {
            counters.accepted();
            counters.entered();
        }
        Act::CutOff => counters.cut_off(),
        Act::AcceptFailed => counters.accept_failed(),
    }
}

/// The plain count. The most there were at once depends on the order, and is left to those who know that.
fn sums<'a>(acts: impl IntoIterator<Item = &'a Act>) -> Stats {
    let mut it = Stats::default();
    for act in acts {
        match act {
            Act::Request(outcome, forced, traffic) => {
                it.accepted += 1;
                it.forced += u64::from(*forced);
                it.bytes_in += traffic.bytes_in;
                it.bytes_out += traffic.bytes_out;
                end(&mut it, *outcome);
            }
            Act::Stays => (it.accepted, it.active) = (it.accepted + 1, it.active + 1),
            Act::CutOff => it.cut_off += 1,
            Act::AcceptFailed => it.accept_errors += 1,
        }
    }
    it
}

fn end(it: &mut Stats, outcome: Outcome) {
    let Timeouts { read, write, handshake, idle, request } = &mut it.timed_out_by;
    let Refusals {
        verify_request,
        max_connections,
        waited_too_long,
        max_connections_per_peer,
        queue_full,
        draining,
        no_descriptor,
        max_handshakes,
    } = &mut it.refused_by;
    let (count, by) = match outcome {
        Outcome::Completed | Outcome::InChild(Some(0)) => (&mut it.completed, None),
        Outcome::Failed | Outcome::InChild(_) => (&mut it.failed, None),
        Outcome::Panicked => (&mut it.failed, Some(&mut it.panicked)),
        Outcome::Disconnected => (&mut it.disconnected, None),
        Outcome::Dropped => (&mut it.dropped, None),
        Outcome::TimedOut(deadline) => {
            let by = match deadline {
                Deadline::Read => read,
                Deadline::Write => write,
                Deadline::Handshake => handshake,
                Deadline::Idle => idle,
                Deadline::Request => request,
                other => panic!("{other:?}"),
            };
            (&mut it.timed_out, Some(by))
        }
        Outcome::Refused(reason) => {
            let by = match reason {
                Refusal::VerifyRequest => verify_request,
                Refusal::MaxConnections => max_connections,
                Refusal::WaitedTooLong => waited_too_long,
                Refusal::MaxConnectionsPerPeer => max_connections_per_peer,
                Refusal::QueueFull => queue_full,
                Refusal::Draining => draining,
                Refusal::NoDescriptor => no_descriptor,
                Refusal::MaxHandshakes => max_handshakes,
            };
            (&mut it.refused, Some(by))
        }
    };
    *count += 1;
    by.into_iter().for_each(|by| *by += 1);
}

fn but_for_peak(stats: Stats) -> Stats {
    Stats { peak: 0, ..stats }
}

proptest! {
    #[test]
    fn one_after_another(acts in acts()) {
        let counters = Counters::default();
        let (mut inside, mut most) = (0, 0);
        for (done, act) in acts.iter().enumerate() {
            does(&counters, *act);
            most = most.max(inside + usize::from(matches!(act, Act::Request(..) | Act::Stays)));
            inside += usize::from(matches!(act, Act::Stays));
            let stats = counters.read().into_stats();
            prop_assert_eq!(stats, Stats { peak: most, ..sums(&acts[..=done]) });
            let ended = stats.completed + stats.failed + stats.disconnected + stats.timed_out
                + stats.refused + stats.dropped;
            prop_assert_eq!(stats.accepted, ended + stats.active as u64);
        }
    }

    #[test]
    fn by_several_threads(acts in vec(acts(), 1..4)) {
        let counters = Counters::default();
        thread::scope(|scope| {
            for acts in &acts {
                scope.spawn(|| acts.iter().for_each(|act| does(&counters, *act)));
            }
        });
        let stats = counters.read().into_stats();
        prop_assert_eq!(but_for_peak(stats), sums(acts.iter().flatten()));
        prop_assert!(stats.peak >= stats.active);
    }

    /// Processes count in memory of their own that the parent reads, and are settled when they have ended: neither twice nor not at all.
    #[test]
    fn in_several_processes(own in acts(), of_workers in vec(acts(), 0..4), ended in 0_usize..4) {
        let parent = Counters::default();
        parent.share().unwrap();
        own.iter().for_each(|act| does(&parent, *act));
        let slots: Vec<_> = of_workers
            .iter()
            .map(|acts| {
                let (worker, slot) = (Counters::default(), Arc::new(Slot::new().unwrap()));
                worker.move_to(slot.clone());
                acts.iter().for_each(|act| does(&worker, *act));
                slot
            })
            .collect();
        let (dead, alive) = slots.split_at(ended.min(slots.len()));
        dead.iter().for_each(|slot| parent.settle(Counts::read(slot.counts()), false));
        let alive = alive.iter().map(|slot| Counts::read(slot.counts()));
        let all = parent.read_with(alive.reduce(Counts::plus).unwrap_or_default()).into_stats();

        let mut expected = sums(own.iter().chain(of_workers.iter().flatten()));
        // What was in progress in a process that has ended has failed.
        let lost = of_workers[..dead.len()].iter().flatten().filter(|act| matches!(act, Act::Stays)).count();
        expected.active -= lost;
        expected.failed += lost as u64;
        prop_assert_eq!(but_for_peak(all), expected);
    }
}
