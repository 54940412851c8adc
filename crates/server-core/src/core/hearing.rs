//! What the loop hears, from signals or in a worker process from the parent, and what it does then.

use super::Core;
use crate::signals::{Ear, Heard};
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

impl Core {
    pub(crate) fn hear(&self, ear: Option<Ear>) {
        self.has_ear.store(ear.is_some(), Relaxed);
        *self.ear.lock() = ear.map(Arc::new);
        self.waker.wake_all(); // so that a waiting loop listens to it
    }

    pub(crate) fn has_ear(&self) -> bool {
        self.has_ear.load(Relaxed)
    }

    pub(crate) fn ear(&self) -> Option<Arc<Ear>> {
        self.has_ear.load(Relaxed).then(|| self.ear.lock().clone()).flatten()
    }

    /// Does what the ear hears: mostly, stops the loop. Doesn't wait.
    pub(crate) fn listen(&self) {
        // All there is to hear, in order: of several ends the last one counts.
        while let Some(heard) = self.ear().and_then(|ear| ear.take()) {
            self.obey(heard);
        }
    }

    pub(crate) fn obey(&self, heard: Heard) {
        let end = |grace: Option<Duration>| grace.and_then(|grace| Instant::now().checked_add(grace));
        match heard {
            Heard::Stop(grace) => drop(self.stop_here(end(grace))),
            Heard::Wishes => self.take_wishes(),
            Heard::List(answer) => self.answer_list(answer),
            Heard::Close(id, answer) => self.answer_close(id, answer),
            Heard::End(grace) => {
                self.hear(None);
                self.stop_here(self.drain_until().into_iter().chain(end(grace)).min());
            }
        }
    }
}
