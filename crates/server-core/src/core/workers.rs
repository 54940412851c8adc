//! What a parent has of its worker processes, and tells them.

use super::Core;
use crate::{crowd::Relay, link::Link, numbers, slot::Wish};
use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
};

impl Core {
    /// The number of the next worker process.
    pub(crate) fn next_worker(&self) -> u32 {
        numbers::of_worker(self.worker_count.fetch_add(1, Relaxed))
    }

    /// What wakes one of the processes that share this socket. Made when it is first needed.
    pub(crate) fn relay(&self, socket: usize) -> io::Result<Arc<Relay>> {
        let mut relays = self.relays.lock();
        if self.waker.is_closed() {
            return Err(io::ErrorKind::NotConnected.into()); // the server, meanwhile
        }
        while relays.len() <= socket {
            relays.push(Arc::new(Relay::new()?));
        }
        Ok(relays[socket].clone())
    }

    /// The server is closed: handles, which may outlive it, keep nothing open.
    pub(crate) fn give_up_descriptors(&self) {
        self.waker.close();
        self.relays.lock().clear();
        self.reserve.iter().for_each(|it| it.close());
    }
}

/// Lets all of them know what is wanted.
pub(super) fn tell(workers: &[Arc<Link>], wish: Wish) {
    workers.iter().for_each(|link| link.wish(wish));
}
