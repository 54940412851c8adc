//! The children that are at work.

use super::{
    telling::Tellers,
    watch::{Watch, Watched},
};
use rustix::{
    io::Errno,
    process::{Pid, WaitOptions, waitpid},
};
use socketserver_core::{Outcome, Ticket};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct Children {
    at_work: HashMap<Pid, (Watched, Option<Ticket>)>,
    /// Those that ended before their ticket came, and how.
    early: Vec<(Pid, Outcome)>,
    pub(super) tellers: Tellers,
}

impl Children {
    /// One that has just been forked. Its [ticket](Self::give) comes when its parent has closed the request, which runs user code.
    pub(crate) fn insert(&mut self, pid: Pid, watched: Watched) {
        self.at_work.insert(pid, (watched, None));
    }

    /// Gives the ticket of a child to its place, or back if that child has ended by now; to be dropped outside of all locks then.
    #[must_use = "observers are told when a ticket is dropped"]
    pub(crate) fn give(&mut self, pid: Pid, mut ticket: Ticket) -> Option<Ticket> {
        if let Some(place) = self.early.iter().position(|(early, _)| *early == pid) {
            ticket.set_outcome(self.early.swap_remove(place).1);
            return Some(ticket);
        }
        match self.at_work.get_mut(&pid) {
            Some((_, place)) => place.replace(ticket),
            None => Some(ticket),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.at_work.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at_work.is_empty()
    }

    pub(crate) fn ids(&self) -> Vec<i32> {
        self.at_work.keys().map(|pid| pid.as_raw_nonzero().get()).collect()
    }

    /// For a child, whose siblings these are. Their tickets and descriptors are the parent's, so nothing is given back.
    pub(crate) fn forget(&mut self) {
        std::mem::forget(std::mem::take(self));
    }

    /// Forgets those that have ended, and gives their tickets, to be dropped outside of all locks. Waits only for ids in this list, so nobody
    /// else's child is taken.
    #[must_use = "observers are told when a ticket is dropped"]
    pub(crate) fn reap(&mut self, watch: &Watch) -> Vec<Ticket> {
        if self.at_work.is_empty() {
            return Vec::new();
        }
        let mut tickets = Vec::new();
        let ended: Vec<Pid> = match watch.ready() {
            Some(ready) => ready,
            None => self.at_work.keys().copied().collect(),
        };
        for pid in ended {
            if !self.at_work.contains_key(&pid) {
                continue; // it is nobody that we wait for
            }
            let status = match waitpid(Some(pid), WaitOptions::NOHANG) {
                Ok(Some((_, status))) => status.exit_status(),
                Ok(None) => continue, // not quite
                Err(Errno::INTR) => continue,
                Err(_) => None, // the host program ignores SIGCHLD, and the system has reaped it
            };
            let Some((watched, ticket)) = self.at_work.remove(&pid) else { continue };
            watch.remove(&watched);
            let outcome = Outcome::InChild(status);
            match ticket {
                Some(mut ticket) => {
                    ticket.set_outcome(outcome);
                    tickets.push(ticket);
                }
                None => self.early.push((pid, outcome)),
            }
        }
        if self.at_work.is_empty() {
            watch.has_none();
        }
        tickets
    }
}
