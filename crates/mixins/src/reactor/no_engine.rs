//! For systems without epoll: nothing can be parked.

use super::Settings;
use socketserver_core::{Job, ServerHooks, Transport};

/// Takes nothing, so that each connection gets a thread.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) settings: Settings,
}

impl Engine {
    pub(super) fn new(settings: Settings) -> Self {
        Engine { settings }
    }

    pub(super) fn admit<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) -> Option<Job<T, S>> {
        Some(job)
    }

    pub(super) fn drain(&self) {}

    pub(super) fn close(&self) {}

    pub(super) fn threads(&self) -> usize {
        0
    }

    pub(super) fn in_use(&self) -> usize {
        0
    }

    pub(super) fn parked(&self) -> usize {
        0
    }
}
