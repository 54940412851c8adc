//! What a parent and its worker tell each other is seen as it was told, and the last of it.

use super::*;
use proptest::prelude::*;
use std::{collections::HashMap, mem::discriminant, thread};

#[test]
fn a_wish_to_stop_is_heard_once_and_with_its_grace() {
    let slot = Slot::new().unwrap();
    assert_eq!(slot.take_ask(), None);
    for grace in [Some(Duration::ZERO), Some(Duration::from_millis(1500)), None] {
        slot.ask_to_stop(grace);
        assert_eq!(slot.take_ask(), Some(grace));
        assert_eq!(slot.take_ask(), None);
    }
}

#[test]
fn of_each_wish_the_last_is_seen_and_once() {
    use std::time::Duration as Time;
    let slot = Slot::new().unwrap();
    assert_eq!(slot.take_wishes().count(), 0);
    slot.wish(Wish::Limit(Limit::backlog(3)));
    slot.wish(Wish::Suspend(true));
    for limit in [Limit::none(), Limit::reject(7), Limit::wait(1, Time::from_millis(1500))] {
        slot.wish(Wish::Limit(limit));
        slot.wish(Wish::LimitPeers(None));
        slot.wish(Wish::LimitPeers(Some(5)));
        slot.wish(Wish::LimitHandshakes(Some(6)));
        let wishes: Vec<_> = slot.take_wishes().filter(|it| *it != Wish::Suspend(true)).collect();
        let last = [Wish::Limit(limit), Wish::LimitPeers(Some(5)), Wish::LimitHandshakes(Some(6))];
        assert_eq!(wishes, last);
    }
    assert_eq!(slot.take_wishes().count(), 0);
    slot.wish(Wish::LimitPeers(None));
    slot.wish(Wish::LimitHandshakes(None));
    let none = [Wish::LimitPeers(None), Wish::LimitHandshakes(None)];
    assert_eq!(slot.take_wishes().collect::<Vec<_>>(), none);
}

#[test]
fn phases_are_told_as_they_were_set() {
    let slot = Slot::new().unwrap();
    assert_eq!(slot.phase(), WorkerPhase::Starting);
    for phase in [WorkerPhase::Serving, WorkerPhase::Leaving, WorkerPhase::Starting] {
        slot.set_phase(phase);
        assert_eq!(slot.phase(), phase);
    }
}

fn wish() -> impl Strategy<Value = Wish> {
    let number = || prop_oneof![0..4_usize, any::<usize>().prop_filter("no limit", |it| *it < usize::MAX)];
    let max = || prop::option::of(number());
    let limit = (number(), 0..4_u8, 0..1_000_000_u64).prop_map(|(max, policy, millis)| match policy {
        0 => Limit::backlog(max),
        1 => Limit::reject(max),
        2 => Limit::wait(max, Duration::from_millis(millis)),
        _ => Limit::none(),
    });
    prop_oneof![
        any::<bool>().prop_map(Wish::Suspend),
        limit.prop_map(Wish::Limit),
        max().prop_map(Wish::LimitPeers),
        max().prop_map(Wish::LimitHandshakes),
        Just(Wish::Leave),
        // Filled in when it is wished: it lies after the slot was made.
        Just(Wish::Retire(None)),
        Just(Wish::Stop(None)),
    ]
}

/// What is wished, and `None` for a look.
fn steps() -> impl Strategy<Value = Vec<(Option<Wish>, Option<u32>)>> {
    prop::collection::vec((prop::option::of(wish()), any::<Option<u32>>()), 0..40)
}

fn filled_in(wish: Wish, millis: Option<u32>, since: Instant) -> Wish {
    match wish {
        Wish::Retire(_) => Wish::Retire(millis.map(|it| since + Duration::from_millis(it.into()))),
        Wish::Stop(_) => Wish::Stop(millis.map(|it| since + Duration::from_millis(it.into()))),
        other => other,
    }
}

proptest! {
    /// At each look: of each kind that was wished since the last one, what was wished last.
    #[test]
    fn a_look_sees_the_last_of_each_kind_that_is_new(steps in steps()) {
        let slot = Slot::new().unwrap();
        let mut new = HashMap::new();
        for (step, millis) in steps.into_iter().chain([(None, None)]) {
            if let Some(wish) = step {
                let wish = filled_in(wish, millis, slot.since);
                slot.wish(wish);
                new.insert(discriminant(&wish), wish);
                continue;
            }
            let seen: Vec<_> = slot.take_wishes().collect();
            prop_assert_eq!(seen.len(), new.len());
            prop_assert!(seen.iter().all(|it| new.get(&discriminant(it)) == Some(it)), "{:?}, not {:?}", seen, new);
            new.clear();
        }
    }

    /// While somebody looks all the time: what he has seen last is what was wished last.
    #[test]
    fn who_looks_meanwhile_ends_with_the_last_of_each_kind(steps in steps()) {
        let slot = Slot::new().unwrap();
        let wishes = steps.into_iter().filter_map(|(wish, millis)| Some(filled_in(wish?, millis, slot.since)));
        let wishes: Vec<_> = wishes.collect();
        let last: HashMap<_, _> = wishes.iter().map(|it| (discriminant(it), *it)).collect();
        let mut seen = HashMap::new();
        thread::scope(|scope| {
            let wishing = scope.spawn(|| wishes.iter().for_each(|wish| slot.wish(*wish)));
            let mut is_over = false;
            while !is_over {
                is_over = wishing.is_finished(); // before the look
                seen.extend(slot.take_wishes().map(|it| (discriminant(&it), it)));
            }
        });
        prop_assert_eq!(seen, last);
    }
}

#[test]
fn why_it_cannot_accept_is_told_by_the_systems_number_if_there_is_one() {
    let slot = Slot::new().unwrap();
    assert!(slot.why_it_cannot_accept().is_none());
    slot.cannot_accept(&io::Error::from_raw_os_error(22));
    assert_eq!(slot.why_it_cannot_accept().unwrap().raw_os_error(), Some(22));
    for other in [io::ErrorKind::NotConnected.into(), io::Error::from_raw_os_error(0)] {
        slot.cannot_accept(&other);
        assert_eq!(slot.why_it_cannot_accept().unwrap().kind(), io::ErrorKind::Other, "{other:?}");
    }
    assert_eq!(slot.counts()[CELLS - 1].load(SeqCst), 0, "it has a place of its own");
}

#[test]
fn that_the_port_was_closed_is_known_when_it_is_open_again() {
    let slot = Slot::new().unwrap();
    slot.set_port_closed(false);
    assert!(!slot.is_port_closed() && !slot.was_port_closed());
    slot.set_port_closed(true);
    assert!(slot.is_port_closed() && slot.was_port_closed());
    slot.set_port_closed(false);
    assert!(!slot.is_port_closed() && slot.was_port_closed());
}
