//! Waiting for many sockets.

use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, EventData, EventFlags},
    },
    io::Errno,
};
use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

/// An epoll, which never waits for more than 20 ms, so that the end is noticed whatever the server does.
pub(super) struct Poll {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

impl Poll {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Poll { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, events: Vec::with_capacity(1024) })
    }

    pub(super) fn add(&self, socket: impl AsFd, key: usize) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, socket, EventData::new_u64(key as u64), EventFlags::IN)?)
    }

    /// Waits, and says how many sockets can be read.
    pub(super) fn wait(&mut self) -> io::Result<usize> {
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&PATIENCE)) {
            Ok(_) | Err(Errno::INTR) => Ok(self.events.len()),
            Err(error) => Err(error.into()),
        }
    }

    /// The key of one of them.
    pub(super) fn key(&self, ready: usize) -> usize {
        self.events[ready].data.u64() as usize
    }
}
