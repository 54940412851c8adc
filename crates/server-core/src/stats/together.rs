//! How many requests all worker processes have inside, counted where they all see it: only so is the most there ever were at once known.

use socketserver_sys::SharedWords;
use std::{io, sync::atomic::Ordering::SeqCst};

/// Made before the first worker process is forked.
#[derive(Debug)]
pub(super) struct Together(SharedWords);

const INSIDE: usize = 0;
const PEAK: usize = 1;

impl Together {
    pub(super) fn new() -> io::Result<Self> {
        SharedWords::new(2).map(Together)
    }

    /// A request has been let in, in this process or another.
    pub(super) fn enter(&self) {
        let inside = self.0[INSIDE].fetch_add(1, SeqCst).wrapping_add(1);
        // A process that was killed between two counts may have left one too few for those that others have. Below zero it is no peak.
        if inside > self.peak() && i64::try_from(inside).is_ok() {
            self.0[PEAK].fetch_max(inside, SeqCst);
        }
    }

    pub(super) fn leave(&self) {
        self.0[INSIDE].fetch_sub(1, SeqCst);
    }

    /// A process has ended that had so many.
    pub(super) fn forget(&self, inside: u64) {
        self.0[INSIDE].fetch_sub(inside, SeqCst);
    }

    pub(super) fn peak(&self) -> u64 {
        self.0[PEAK].load(SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::Together;

    #[test]
    fn the_most_there_were_at_once_stays() {
        let together = Together::new().unwrap();
        (0..3).for_each(|_| together.enter());
        (0..2).for_each(|_| together.leave());
        together.enter();
        assert_eq!(together.peak(), 3);
        together.forget(2);
        (0..4).for_each(|_| together.enter());
        assert_eq!(together.peak(), 4);
    }

    #[test]
    fn fewer_than_none_are_no_peak() {
        let together = Together::new().unwrap();
        together.forget(2);
        together.enter();
        assert_eq!(together.peak(), 0);
        (0..3).for_each(|_| together.enter());
        assert_eq!(together.peak(), 2);
    }
}
