//! Children that have ended and are in the list no more, while their ends are being told.

use super::ForkingMixIn;
use parking_lot::{Condvar, Mutex};
use socketserver_core::Ticket;
use std::{
    thread::{self, ThreadId},
    time::Instant,
};

/// Who tells of ends at this moment. Part of the list, whose lock is held across a fork.
#[derive(Debug, Default)]
pub(super) struct Tellers(Vec<ThreadId>);

impl Tellers {
    fn remove(&mut self, teller: ThreadId) {
        if let Some(place) = self.0.iter().position(|it| *it == teller) {
            self.0.swap_remove(place);
        }
    }

    /// Whether somebody has to be waited for. Not by who is telling himself: by what he tells user code is called, which may close the server.
    fn hold_up(&self, waiting: ThreadId) -> bool {
        !self.0.is_empty() && !self.0.contains(&waiting)
    }
}

/// Rings when somebody has told all that he had to.
#[derive(Debug, Default)]
pub(super) struct Told {
    lock: Mutex<()>,
    bell: Condvar,
}

/// The tickets of children that have ended. When this is dropped, observers hear of it, who may ask for the children: so under no lock.
#[must_use = "observers are told when this is dropped"]
pub(super) struct Ended<'a> {
    mixin: &'a ForkingMixIn,
    tickets: Vec<Ticket>,
}

impl Ended<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        if !self.is_empty() {
            self.tickets.clear();
            self.mixin.children.lock().tellers.remove(thread::current().id());
            drop(self.mixin.told.lock.lock()); // who has looked before that waits by now
            self.mixin.told.bell.notify_all();
        }
    }
}

impl ForkingMixIn {
    /// Takes those that have ended out of the list. From now until they are told, whoever finds nobody in the list finds that they aren't.
    pub(super) fn take_ended(&self) -> Ended<'_> {
        let mut children = self.children.lock();
        let tickets = children.reap(&self.watch);
        if !tickets.is_empty() {
            children.tellers.0.push(thread::current().id());
        }
        drop(children);
        Ended { mixin: self, tickets }
    }

    /// Waits until all that have been taken out of the list are told, too, no longer than `until`.
    pub(super) fn wait_until_told(&self, until: Option<Instant>) {
        let me = thread::current().id();
        let is_held_up = || self.children.lock().tellers.hold_up(me);
        // To be asked first: in a forked child nobody tells, and its copy of the lock may be held by a thread that it hasn't.
        while is_held_up() {
            let mut told = self.told.lock.lock();
            if !is_held_up() {
                return;
            }
            match until {
                Some(until) if self.told.bell.wait_until(&mut told, until).timed_out() => return,
                Some(_) => {}
                None => self.told.bell.wait(&mut told),
            }
        }
    }
}
