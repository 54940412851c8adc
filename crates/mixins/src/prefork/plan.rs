//! What to do next about the number of processes. Knows no processes, so that it can be checked without any.

use socketserver_core::WorkerPhase;

/// A process, as far as it matters here. One that was told to stop counts as leaving.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) phase: WorkerPhase,
    /// Which restart it belongs to.
    pub(crate) generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Fork,
    /// Tell the one at this place to stop.
    Stop(usize),
}

/// One step towards `target` processes of the present `generation`, of which none is older; `None` if there is nothing to do until
/// something has changed. `seen` is in the order in which they
/// were forked.
///
/// A process of an older generation is told to stop only when the one that takes its place accepts, and one is replaced after the
/// other: at no time do fewer accept than should, and if new ones don't come up the old ones stay.
pub(crate) fn step(seen: &[Seen], target: usize, generation: u64) -> Option<Step> {
    let is_active = |it: &Seen| it.phase != WorkerPhase::Leaving;
    let active = seen.iter().filter(|it| is_active(it)).count();
    let is_starting = seen.iter().any(|it| it.phase == WorkerPhase::Starting);
    let oldest = seen.iter().position(|it| is_active(it) && it.generation < generation);
    let youngest = seen.iter().rposition(is_active);
    match (oldest, youngest) {
        _ if active < target => Some(Step::Fork),
        (Some(_), _) if is_starting => None,
        (Some(_), _) if active == target => Some(Step::Fork),
        (Some(oldest), _) => Some(Step::Stop(oldest)),
        (None, Some(youngest)) if active > target => Some(Step::Stop(youngest)),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use WorkerPhase::{Leaving, Serving, Starting};

    fn seen(of: &[(WorkerPhase, u64)]) -> Vec<Seen> {
        of.iter().map(|&(phase, generation)| Seen { phase, generation }).collect()
    }

    #[test]
    fn forks_until_there_are_enough_without_waiting_for_each() {
        assert_eq!(step(&seen(&[]), 2, 0), Some(Step::Fork));
        assert_eq!(step(&seen(&[(Starting, 0)]), 2, 0), Some(Step::Fork));
        assert_eq!(step(&seen(&[(Starting, 0), (Starting, 0)]), 2, 0), None);
    }

    #[test]
    fn replaces_what_leaves_before_it_has_ended() {
        assert_eq!(step(&seen(&[(Serving, 0), (Leaving, 0)]), 2, 0), Some(Step::Fork));
        assert_eq!(step(&seen(&[(Serving, 0), (Leaving, 0), (Starting, 0)]), 2, 0), None);
    }

    #[test]
    fn shrinks_from_the_youngest() {
        assert_eq!(step(&seen(&[(Serving, 0), (Serving, 0), (Serving, 0)]), 1, 0), Some(Step::Stop(2)));
        assert_eq!(step(&seen(&[(Serving, 0), (Serving, 0), (Leaving, 0)]), 1, 0), Some(Step::Stop(1)));
        assert_eq!(step(&seen(&[(Serving, 0), (Leaving, 0), (Leaving, 0)]), 1, 0), None);
    }

    #[test]
    fn a_restart_replaces_one_after_the_other_when_the_new_one_serves() {
        let mut now = vec![(Serving, 0), (Serving, 0)];
        assert_eq!(step(&seen(&now), 2, 1), Some(Step::Fork));
        now.push((Starting, 1));
        assert_eq!(step(&seen(&now), 2, 1), None, "the new one isn't up");
        now[2].0 = Serving;
        assert_eq!(step(&seen(&now), 2, 1), Some(Step::Stop(0)));
        now[0].0 = Leaving;
        assert_eq!(step(&seen(&now), 2, 1), Some(Step::Fork));
        now.push((Serving, 1));
        assert_eq!(step(&seen(&now), 2, 1), Some(Step::Stop(1)));
        now[1].0 = Leaving;
        assert_eq!(step(&seen(&now), 2, 1), None);
    }

    /// Whatever is wanted in between, and in whichever order processes come up and go, it ends with what was wanted last, and those
    /// that accept were never fewer than the least that was wanted.
    #[test]
    fn ends_with_what_was_wanted() {
        let mut random = 7_u64;
        let mut draw = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for _ in 0..200 {
            let mut all = vec![(Serving, 0); 3];
            let (mut target, mut generation) = (3, 0);
            for turn in 0..400 {
                if turn < 200 && draw(20) == 0 {
                    target = 1 + draw(5) as usize;
                }
                if turn < 200 && draw(30) == 0 {
                    generation += 1;
                }
                match step(&seen(&all), target, generation) {
                    Some(Step::Fork) => all.push((Starting, generation)),
                    Some(Step::Stop(which)) => all[which].0 = Leaving,
                    None => {}
                }
                let which = draw(all.len() as u64) as usize;
                match all[which].0 {
                    Starting => all[which].0 = Serving,
                    Leaving => drop(all.remove(which)),
                    _ => {}
                }
                assert!(all.iter().any(|it| it.0 != Leaving), "somebody accepts");
            }
            all.retain(|it| it.0 != Leaving);
            assert_eq!(all, vec![(Serving, generation); target]);
        }
    }
}
