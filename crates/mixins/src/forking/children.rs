//! The children that are at work.

use super::watch::{Watch, Watched};
use rustix::{
    io::Errno,
    process::{Pid, WaitOptions, waitpid},
};
use socketserver_core::{Outcome, Ticket};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct Children(HashMap<Pid, (Watched, Ticket)>);

impl Children {
    pub(crate) fn insert(&mut self, pid: Pid, watched: Watched, ticket: Ticket) {
        self.0.insert(pid, (watched, ticket));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn ids(&self) -> Vec<i32> {
        self.0.keys().map(|pid| pid.as_raw_nonzero().get()).collect()
    }

    /// For a child, whose siblings these are. Their tickets and descriptors are the parent's, so nothing is given back.
    pub(crate) fn forget(&mut self) {
        std::mem::forget(std::mem::take(&mut self.0));
    }

    /// Forgets those that have ended. Waits only for ids in this list, so nobody else's child is taken.
    pub(crate) fn reap(&mut self, watch: &Watch) {
        if self.0.is_empty() {
            return;
        }
        let ended: Vec<Pid> = match watch.ready() {
            Some(ready) => ready,
            None => self.0.keys().copied().collect(),
        };
        for pid in ended {
            let status = match waitpid(Some(pid), WaitOptions::NOHANG) {
                Ok(Some((_, status))) => status.exit_status(),
                Ok(None) => continue, // not quite
                Err(Errno::INTR) => continue,
                Err(_) => None, // the host program ignores SIGCHLD, and the system has reaped it
            };
            if let Some((watched, mut ticket)) = self.0.remove(&pid) {
                watch.remove(&watched);
                ticket.set_outcome(Outcome::InChild(status));
            }
        }
        if self.0.is_empty() {
            watch.has_none();
        }
    }
}
