//! Any order of entering, leaving and changing the limit: never one too many, never one lost.

use super::{Gate, Limit};
use proptest::prelude::*;
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::Duration,
};

#[derive(Debug, Clone, Copy)]
enum Act {
    Enter,
    Leave,
    Change(Limit),
}

fn limits() -> impl Strategy<Value = Limit> {
    prop_oneof![
        (0_usize..8).prop_map(Limit::backlog),
        (0_usize..8).prop_map(Limit::reject),
        (0_usize..8, 0_u64..100).prop_map(|(max, ms)| Limit::wait(max, Duration::from_millis(ms))),
        Just(Limit::none()),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![4 => Just(Act::Enter), 3 => Just(Act::Leave), 1 => limits().prop_map(Act::Change)]
}

proptest! {
    #[test]
    fn one_after_another_it_does_what_a_plain_count_would(
        first in limits(), acts in prop::collection::vec(acts(), 0..200)
    ) {
        let (gate, mut limit, mut inside) = (Gate::new(first), first, 0);
        for act in acts {
            match act {
                Act::Enter => {
                    let may = limit.max().is_none_or(|max| inside < max);
                    prop_assert_eq!(gate.try_enter(), may);
                    inside += usize::from(may);
                }
                Act::Leave if inside > 0 => {
                    inside -= 1;
                    prop_assert_eq!(gate.leave(), inside);
                }
                Act::Leave => {}
                Act::Change(to) => {
                    gate.set_limit(to);
                    limit = to;
                }
            }
            prop_assert_eq!((gate.inside(), gate.limit()), (inside, limit));
            prop_assert_eq!(gate.is_full(), limit.max().is_some_and(|max| inside >= max));
        }
    }

    #[test]
    fn a_limit_that_isnt_changed_holds_for_several_threads(max in 1_usize..6, threads in 2_usize..5) {
        let (gate, inside) = (Gate::new(Limit::backlog(max)), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if gate.try_enter() {
                            assert!(inside.fetch_add(1, SeqCst) < max, "one too many");
                            inside.fetch_sub(1, SeqCst);
                            gate.leave();
                        }
                    }
                });
            }
        });
        prop_assert_eq!(gate.inside(), 0);
    }

    #[test]
    fn permits_are_all_given_back_while_others_change_the_limit(
        limits in prop::collection::vec(limits(), 1..20)
    ) {
        let gate = Gate::new(Limit::none());
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..500).filter(|_| gate.try_enter()).for_each(|_| _ = gate.leave()));
            }
            limits.iter().for_each(|limit| _ = gate.set_limit(*limit));
        });
        prop_assert_eq!((gate.inside(), gate.limit()), (0, limits[limits.len() - 1]));
    }
}

#[test]
fn the_greatest_number_is_no_limit() {
    assert_eq!(Limit::backlog(super::NONE).max(), None);
    assert_eq!(Limit::backlog(super::NONE - 1).max(), Some(1_073_741_822));
}

#[test]
fn an_eighth_of_the_descriptors_and_at_least_32_are_left_to_the_program() {
    use rustix::process::{Resource, getrlimit};
    let soft = getrlimit(Resource::Nofile).current.and_then(|it| usize::try_from(it).ok());
    let expected = soft.map(|soft| soft.saturating_sub((soft >> 3).max(32)).max(1));
    assert_eq!(Limit::from_descriptors().max(), expected.filter(|it| *it < super::NONE));
}

#[test]
fn who_waits_for_room_is_counted_while_it_waits() {
    let gate = Gate::new(Limit::backlog(1));
    assert!(!gate.queue(|| true) && !gate.has_queue(), "there is room");
    assert!(gate.try_enter());
    assert!(!gate.queue(|| false) && !gate.has_queue(), "it needn't");
    assert!(gate.queue(|| true) && gate.has_queue());
    assert!(gate.queue(|| true));
    assert_eq!(gate.set_limit(Limit::backlog(2)), 2, "so many are to be woken");
    gate.unqueue();
    assert!(gate.has_queue());
    gate.unqueue();
    assert!(!gate.has_queue());
}

#[test]
fn a_process_that_begins_anew_has_nobody_inside_or_waiting_and_the_same_limit() {
    let gate = Gate::new(Limit::backlog(2));
    assert!(gate.try_enter() && gate.try_enter() && gate.queue(|| true));
    gate.empty();
    assert_eq!((gate.inside(), gate.has_queue(), gate.limit()), (0, false, Limit::backlog(2)));
}
