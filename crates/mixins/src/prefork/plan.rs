//! What to do next about the number of processes. Knows no processes, so that it can be checked without any.

use socketserver_core::WorkerPhase;

/// A process, as far as it matters here. One that was told to stop counts as leaving.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) phase: WorkerPhase,
    /// Which restart it belongs to.
    pub(crate) generation: u64,
    /// The number of its socket.
    pub(crate) socket: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Fork one for this socket.
    Fork(usize),
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
        _ if active < target => Some(Step::Fork(0)),
        (Some(_), _) if is_starting => None,
        (Some(_), _) if active == target => Some(Step::Fork(0)),
        (Some(oldest), _) => Some(Step::Stop(oldest)),
        (None, Some(youngest)) if active > target => Some(Step::Stop(youngest)),
        (None, _) => None,
    }
}

/// The same where each process has a socket of its own, of which there are to be `target`: for none of them may there be nobody, since
/// nobody else comes for who waits there. The sockets with the highest numbers go first.
pub(crate) fn step_by_socket(seen: &[Seen], target: usize, generation: u64) -> Option<Step> {
    let active = || seen.iter().enumerate().filter(|(_, it)| it.phase != WorkerPhase::Leaving);
    let of = |socket: usize| active().filter(move |(_, it)| it.socket == socket);
    if let Some(socket) = (0..target).find(|socket| of(*socket).next().is_none()) {
        return Some(Step::Fork(socket));
    }
    if let Some((surplus, _)) = active().filter(|(_, it)| it.socket >= target).max_by_key(|(_, it)| it.socket)
    {
        return Some(Step::Stop(surplus));
    }
    if active().any(|(_, it)| it.phase == WorkerPhase::Starting) {
        return None;
    }
    let (oldest, old) = active().find(|(_, it)| it.generation < generation)?;
    // It goes when the one that takes its place accepts.
    let has_heir = of(old.socket).any(|(which, _)| which > oldest);
    Some(if has_heir { Step::Stop(oldest) } else { Step::Fork(old.socket) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use WorkerPhase::{Leaving, Serving, Starting};

    fn seen(of: &[(WorkerPhase, u64)]) -> Vec<Seen> {
        of.iter().map(|&(phase, generation)| Seen { phase, generation, socket: 0 }).collect()
    }

    #[test]
    fn forks_until_there_are_enough_without_waiting_for_each() {
        assert_eq!(step(&seen(&[]), 2, 0), Some(Step::Fork(0)));
        assert_eq!(step(&seen(&[(Starting, 0)]), 2, 0), Some(Step::Fork(0)));
        assert_eq!(step(&seen(&[(Starting, 0), (Starting, 0)]), 2, 0), None);
    }

    #[test]
    fn replaces_what_leaves_before_it_has_ended() {
        assert_eq!(step(&seen(&[(Serving, 0), (Leaving, 0)]), 2, 0), Some(Step::Fork(0)));
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
        assert_eq!(step(&seen(&now), 2, 1), Some(Step::Fork(0)));
        now.push((Starting, 1));
        assert_eq!(step(&seen(&now), 2, 1), None, "the new one isn't up");
        now[2].0 = Serving;
        assert_eq!(step(&seen(&now), 2, 1), Some(Step::Stop(0)));
        now[0].0 = Leaving;
        assert_eq!(step(&seen(&now), 2, 1), Some(Step::Fork(0)));
        now.push((Serving, 1));
        assert_eq!(step(&seen(&now), 2, 1), Some(Step::Stop(1)));
        now[1].0 = Leaving;
        assert_eq!(step(&seen(&now), 2, 1), None);
    }

    fn on_sockets(of: &[(WorkerPhase, u64, usize)]) -> Vec<Seen> {
        of.iter().map(|&(phase, generation, socket)| Seen { phase, generation, socket }).collect()
    }

    #[test]
    fn each_socket_has_somebody_and_an_heir_before_its_process_goes() {
        let step = |of: &[_], target, generation| step_by_socket(&on_sockets(of), target, generation);
        assert_eq!(step(&[], 2, 0), Some(Step::Fork(0)));
        assert_eq!(step(&[(Starting, 0, 0)], 2, 0), Some(Step::Fork(1)));
        assert_eq!(step(&[(Leaving, 0, 0), (Serving, 0, 1)], 2, 0), Some(Step::Fork(0)));
        // Fewer: that of the highest number.
        let three = [(Serving, 0, 2), (Serving, 0, 0), (Serving, 0, 1)];
        assert_eq!(step(&three, 2, 0), Some(Step::Stop(0)));
        // One has died, and there are to be fewer: as many as there should be, but not on the right sockets.
        assert_eq!(step(&[(Serving, 0, 0), (Serving, 0, 2)], 2, 0), Some(Step::Fork(1)));
        // A restart.
        let mut now = vec![(Serving, 0, 0), (Serving, 0, 1)];
        assert_eq!(step(&now, 2, 1), Some(Step::Fork(0)));
        now.push((Starting, 1, 0));
        assert_eq!(step(&now, 2, 1), None);
        now[2].0 = Serving;
        assert_eq!(step(&now, 2, 1), Some(Step::Stop(0)));
        now[0].0 = Leaving;
        assert_eq!(step(&now, 2, 1), Some(Step::Fork(1)));
    }

    /// Whatever is wanted in between, and in whichever order processes come up and go, it ends with what was wanted last, and those
    /// that accept were never fewer than the least that was wanted.
    #[test]
    fn ends_with_what_was_wanted() {
        settles(step, false);
        settles(step_by_socket, true);
    }

    fn settles(step: fn(&[Seen], usize, u64) -> Option<Step>, by_socket: bool) {
        let mut random = 7_u64;
        let mut draw = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for _ in 0..200 {
            let mut all: Vec<_> = (0..3).map(|n| (Serving, 0, if by_socket { n } else { 0 })).collect();
            let (mut target, mut generation) = (3, 0);
            for turn in 0..400 {
                if turn < 200 && draw(20) == 0 {
                    target = 1 + draw(5) as usize;
                }
                if turn < 200 && draw(30) == 0 {
                    generation += 1;
                }
                match step(&on_sockets(&all), target, generation) {
                    Some(Step::Fork(socket)) => all.push((Starting, generation, socket)),
                    Some(Step::Stop(which)) => all[which].0 = Leaving,
                    None => {}
                }
                let which = draw(all.len() as u64) as usize;
                match all[which].0 {
                    Starting => all[which].0 = Serving,
                    Leaving => drop(all.remove(which)),
                    // By themselves, now and then, too.
                    _ if by_socket && turn < 200 && draw(20) == 0 => all[which].0 = Leaving,
                    _ => {}
                }
                assert!(by_socket || all.iter().any(|it| it.0 != Leaving), "somebody accepts");
            }
            all.retain(|it| it.0 != Leaving);
            all.sort_by_key(|it| it.2);
            let socket = |n: usize| if by_socket { n } else { 0 };
            assert_eq!(all, (0..target).map(|n| (Serving, generation, socket(n))).collect::<Vec<_>>());
        }
    }
}
