//! How long a socket's operations may wait.

use super::Socket;
use crate::Deadline;
use std::time::{Duration, Instant};

impl Socket {
    /// Limits how long each read and each write may wait: `None` (the default) is for ever, zero is not at all (non-blocking
    /// mode), anything else ends in [`TimedOut`](crate::TimedOut). No system call; the descriptor itself stays in blocking mode.
    pub fn settimeout(&self, limit: Option<Duration>) {
        self.limits.set_read(limit);
        self.limits.set_write(limit);
    }

    /// The limit for reads, which is also that for writes unless they were set apart.
    pub fn gettimeout(&self) -> Option<Duration> {
        self.limits.read()
    }

    /// [`settimeout`](Self::settimeout) for reads alone.
    pub fn set_read_timeout(&self, limit: Option<Duration>) {
        self.limits.set_read(limit);
    }

    /// [`settimeout`](Self::settimeout) for writes alone.
    pub fn set_write_timeout(&self, limit: Option<Duration>) {
        self.limits.set_write(limit);
    }

    /// The limit for writes.
    pub fn write_timeout(&self) -> Option<Duration> {
        self.limits.write()
    }

    /// `setblocking(false)` is `settimeout(Some(Duration::ZERO))`, `setblocking(true)` is `settimeout(None)`, as in Python.
    pub fn setblocking(&self, blocking: bool) {
        self.settimeout((!blocking).then_some(Duration::ZERO));
    }

    /// Whether operations may wait at all.
    pub fn getblocking(&self) -> bool {
        self.gettimeout() != Some(Duration::ZERO)
    }

    /// An instant after which nothing waits any more, however short each operation is: a peer that sends a byte at a time
    /// can't outlive it. `None` (the default) removes it. It adds to [`settimeout`](Self::settimeout); the nearer one holds.
    pub fn set_deadline(&self, deadline: Option<(Instant, Deadline)>) {
        self.limits.set_deadline(deadline);
    }

    /// What [`set_deadline`](Self::set_deadline) has set.
    pub fn deadline(&self) -> Option<(Instant, Deadline)> {
        self.limits.deadline()
    }
}
