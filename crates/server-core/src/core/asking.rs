//! What worker processes are asked, and what they answer.

use super::Core;
use crate::{ConnectionInfo, answer, numbers, order::Order, wake::left};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use std::{
    cmp::Reverse,
    io::{ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

/// For an answer, and for one who reads it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is awaited.
struct Awaited {
    from: UnixStream,
    pid: i32,
    came: Vec<u8>,
}

impl Core {
    /// The connections in progress here and in worker processes.
    pub(crate) fn list(&self) -> Vec<ConnectionInfo> {
        let mut list = self.registry.list();
        let workers = self.workers.lock();
        if workers.is_empty() {
            return list;
        }
        let ask = |link: &crate::link::Link| {
            Some(Awaited {
                from: link.ask(|answer| Order::List(Some(answer)))?,
                pid: link.slot.pid(),
                came: Vec::new(),
            })
        };
        let asked: Vec<_> = workers.iter().filter_map(|link| ask(link)).collect();
        drop(workers); // others may want it meanwhile
        for Awaited { pid, came, .. } in hear(asked) {
            let theirs = answer::read(&came).unwrap_or_default(); // cut off by its death, or too late
            list.extend(theirs.into_iter().map(|it| ConnectionInfo { pid: it.pid.or(Some(pid)), ..it }));
        }
        list.sort_by_key(|it| (Reverse(it.age), it.id));
        list
    }

    /// Ends one connection by force, be it in a worker process. It is counted first, so that nobody who sees it end misses it.
    pub(crate) fn close_one(&self, id: u64) -> bool {
        if self.registry.close(id, || self.counters.forced(1)) {
            return true;
        }
        let workers = self.workers.lock();
        let link = workers.iter().find(|link| link.number == numbers::process_of(id));
        let asked = link.and_then(|link| {
            let from = link.ask(|answer| Order::Close(id, Some(answer)))?;
            Some(Awaited { from, pid: 0, came: Vec::new() })
        });
        drop(workers);
        hear(asked.into_iter().collect()).iter().any(|it| it.came == [1])
    }

    /// In a worker process: answers.
    pub(super) fn answer_list(&self, to: Option<UnixStream>) {
        self.heard();
        if let Some(to) = to {
            answer(to, &answer::write(&self.registry.list()));
        }
    }

    pub(super) fn answer_close(&self, id: u64, to: Option<UnixStream>) {
        self.heard();
        let is_news = self.close_one(id);
        if let Some(to) = to {
            answer(to, &[is_news.into()]);
        }
    }

    /// Also what can't be answered: who counts as deaf is asked no more.
    fn heard(&self) {
        if let Some(worker) = self.worker.get() {
            worker.slot.hear();
        }
    }
}

fn answer(mut to: UnixStream, answer: &[u8]) {
    let until = Instant::now() + PATIENCE;
    let mut rest = answer;
    // Who has asked may have been stopped, or have given up.
    while !rest.is_empty()
        && let left = until.saturating_duration_since(Instant::now())
        && !left.is_zero()
        && to.set_write_timeout(Some(left)).is_ok()
    {
        match to.write(rest) {
            Ok(n) => rest = &rest[n..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Waits until all answers are there, or the time is up.
fn hear(mut awaited: Vec<Awaited>) -> Vec<Awaited> {
    let until = Instant::now() + PATIENCE;
    let mut answered = Vec::with_capacity(awaited.len());
    while !awaited.is_empty() && Instant::now() < until {
        let mut slots: Vec<_> = awaited.iter().map(|it| PollFd::new(&it.from, PollFlags::IN)).collect();
        match poll(&mut slots, left(Some(until)).as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => thread::sleep(Duration::from_millis(5)), // a lack of memory
        }
        let ended = awaited.extract_if(.., |it| {
            let read = it.from.read_to_end(&mut it.came);
            read.map_or_else(|error| error.kind() != ErrorKind::WouldBlock, |_| true)
        });
        answered.extend(ended);
    }
    answered
}
