//! Clients that don't take their replies.

use crate::UnixAddress;
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// So many are remembered; of more, those that were met last.
const MOST: usize = 64;

/// Who has let a reply wait in vain. Nobody waits for such a client again before it has taken a reply: otherwise one that goes on asking
/// would hold up the others again and again. A child that was forked for one datagram leaves no such memory behind. Only where it is the client that makes others wait: UDP has no queue of the receiver's.
#[derive(Debug, Default)]
pub(super) struct Deaf {
    /// To be read without the lock: mostly there are none.
    count: AtomicUsize,
    names: Mutex<VecDeque<UnixAddress>>,
}

impl Deaf {
    pub(super) fn has(&self, name: &UnixAddress) -> bool {
        self.count.load(Relaxed) > 0 && self.names.lock().contains(name)
    }

    pub(super) fn add(&self, name: &UnixAddress) {
        let mut names = self.names.lock();
        if !names.contains(name) {
            if names.len() == MOST {
                names.pop_front();
            }
            names.push_back(name.clone());
            self.count.store(names.len(), Relaxed);
        }
    }

    /// It has taken a reply.
    pub(super) fn hears(&self, name: &UnixAddress) {
        if self.count.load(Relaxed) > 0 {
            let mut names = self.names.lock();
            names.retain(|it| it != name);
            self.count.store(names.len(), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_met_first_is_forgotten_first_and_who_hears_again_at_once() {
        let deaf = Deaf::default();
        let name = |number: usize| UnixAddress::Path(format!("/{number}").into());
        (0..=MOST).for_each(|number| deaf.add(&name(number)));
        deaf.add(&name(1)); // which is known
        assert!(!deaf.has(&name(0)) && (1..=MOST).all(|number| deaf.has(&name(number))));
        deaf.hears(&name(5));
        assert!(!deaf.has(&name(5)) && deaf.has(&name(4)) && deaf.has(&name(6)));
        (0..=MOST).for_each(|number| deaf.hears(&name(number)));
        assert_eq!(deaf.count.load(Relaxed), 0);
    }
}
