//! Operations of a socket that wait, and for how long.

use crate::{Deadline, Socket, TimedOut, time::Patience, waiting};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use std::{io, time::Instant};

impl Socket {
    /// Runs `operation` until it did something or its time is up. Without a limit that is one blocking call; with one, an
    /// attempt that doesn't block, and poll(2) only if it found nothing.
    pub(crate) fn patiently<T>(
        &self,
        side: Deadline,
        operation: impl FnMut(bool) -> rustix::io::Result<T>,
    ) -> io::Result<T> {
        self.with_patience(self.limits.patience(side), side, operation)
    }

    /// The same for one of several operations that have their time together.
    pub(crate) fn with_patience<T>(
        &self,
        patience: Patience,
        side: Deadline,
        mut operation: impl FnMut(bool) -> rustix::io::Result<T>,
    ) -> io::Result<T> {
        if !matches!(patience, Patience::Until(_, deadline) if deadline == side) {
            // Otherwise a peer that keeps something ready at all times would never meet the deadline.
            patience.check()?;
        }
        // Who wants to hear of a wait gets an attempt that doesn't, first.
        let mut dont_wait = patience != Patience::Forever || waiting::is_announced();
        loop {
            match (operation(dont_wait), patience) {
                (Err(Errno::INTR), _) => continue,
                (Err(Errno::AGAIN), Patience::Until(end, deadline)) => {
                    waiting::announce();
                    self.wait(side, end, deadline)?;
                }
                (Err(Errno::AGAIN), Patience::Forever) if dont_wait => {
                    waiting::announce();
                    dont_wait = false;
                }
                (result, _) => return Ok(result?),
            }
        }
    }

    fn wait(&self, side: Deadline, end: Instant, deadline: Deadline) -> io::Result<()> {
        let interest = if side == Deadline::Read { PollFlags::IN } else { PollFlags::OUT };
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(TimedOut::new(deadline).into());
            }
            let left = left.try_into().ok(); // more than a timespec holds: no limit
            match poll(&mut [PollFd::new(self, interest)], left.as_ref()) {
                Ok(0) | Err(Errno::INTR) => continue,
                result => return result.map(drop).map_err(Into::into),
            }
        }
    }
}

#[cfg(test)]
mod tests;
