//! What has been counted, in this process and in worker processes.

use super::Core;
use crate::{Stats, link::Link, stats::Counts};
use std::sync::Arc;

impl Core {
    pub(crate) fn stats(&self) -> Stats {
        let workers = self.workers.lock(); // as below
        let (counts, open) = self.registry.with_traffic(|| self.counters.read_with(in_all(&workers)));
        counts.with_traffic(open).into_stats()
    }

    fn counts(&self) -> Counts {
        // Held, so that what a worker has done isn't counted twice, or not at all, in the moment that it is settled.
        let workers = self.workers.lock();
        self.counters.read_with(in_all(&workers))
    }

    /// Requests in progress, here and in worker processes. The gate says more while the loop tries whether there is another.
    pub(crate) fn in_progress(&self) -> usize {
        usize::try_from(self.counts().in_progress()).unwrap_or(usize::MAX)
    }

    /// Requests that were ended by force since the server was made, here and in worker processes.
    pub(crate) fn forced(&self) -> usize {
        usize::try_from(self.counts().forced()).unwrap_or(usize::MAX)
    }
}

/// What all worker processes have counted.
fn in_all(workers: &[Arc<Link>]) -> Counts {
    workers.iter().map(|link| link.counts()).reduce(Counts::plus).unwrap_or_default()
}
