//! Writes the event lines, each in one piece.

use parking_lot::Mutex;
use socketserver::{Event, Observer, Outcome};
use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
    io,
    process::id,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::{self, ThreadId},
};

/// Writes a line with one write(2), so that threads and forked children never mix within a line.
pub(crate) fn write_line(text: &str) {
    // The reader is the harness; if that has gone, nobody is left to be told.
    let _ = rustix::io::write(io::stdout(), format!("{text}\n").as_bytes());
}

thread_local! {
    /// The request that this thread, or this child, is in. From it the hooks know that aren't given the request itself.
    static CURRENT: Cell<u64> = const { Cell::new(0) };
}

/// Gives requests their numbers, and writes lines about them.
#[derive(Debug)]
pub(crate) struct Recorder {
    process: u32,
    loop_thread: ThreadId,
    count: AtomicU64,
    /// The request that the next call of `service_actions` follows directly; 0 if it follows none.
    just_served: AtomicU64,
    /// By what tells a request from all others that are open. Entries stay, and are overwritten when their key comes again.
    numbers: Mutex<HashMap<usize, u64>>,
    /// By the number that the server's events have.
    told: Mutex<HashMap<u64, u64>>,
    /// Those that children serve.
    childs: Mutex<HashSet<u64>>,
}

impl Recorder {
    /// The calling thread is the one that is going to run the loop.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Recorder {
            process: id(),
            loop_thread: thread::current().id(),
            count: AtomicU64::new(0),
            just_served: AtomicU64::new(0),
            numbers: Mutex::default(),
            told: Mutex::default(),
            childs: Mutex::default(),
        })
    }

    /// A request has been taken; it is the next.
    pub(crate) fn take(&self, key: usize) {
        let number = self.count.fetch_add(1, Relaxed) + 1;
        self.numbers.lock().insert(key, number);
        self.just_served.store(number, Relaxed);
        CURRENT.set(number);
    }

    /// This thread is in the request that has this key.
    pub(crate) fn enter(&self, key: usize) {
        CURRENT.set(self.numbers.lock().get(&key).copied().unwrap_or_default());
    }

    /// The request that this thread is in goes to a child, or doesn't.
    pub(crate) fn hand_over(&self, to_child: bool) {
        if to_child {
            self.childs.lock().insert(CURRENT.get());
        }
    }

    fn is_childs(&self, number: u64) -> bool {
        self.childs.lock().contains(&number)
    }

    /// An event of the request that this thread is in.
    pub(crate) fn emit(&self, event: &str) {
        self.emit_of(CURRENT.get(), event);
    }

    /// An event of no request.
    pub(crate) fn emit_of_none(&self, event: &str) {
        write_line(&format!("- {} {event}", self.lane()));
    }

    /// The tick that follows a request; idle ones leave no line.
    pub(crate) fn tick(&self) {
        match self.just_served.swap(0, Relaxed) {
            0 => {}
            number => self.emit_of(number, "hook service_actions"),
        }
    }

    fn emit_of(&self, number: u64, event: &str) {
        write_line(&format!("{number} {} {event}", self.lane()));
    }

    fn lane(&self) -> &'static str {
        let in_loop = id() == self.process && thread::current().id() == self.loop_thread;
        if in_loop { "loop" } else { "worker" }
    }
}

/// Hears what no hook is called for: how children ended, and that a client went away.
pub(crate) struct Ends(pub(crate) Arc<Recorder>);

impl Observer for Ends {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::ConnectionStarted { id, .. } | Event::RequestStarted { id, connection: None, .. } => {
                self.0.told.lock().insert(*id, CURRENT.get());
            }
            Event::ConnectionEnded { id, outcome, .. }
            | Event::RequestEnded { id, connection: None, outcome, .. } => {
                let number = self.0.told.lock().remove(id).unwrap_or_default();
                let reap = |how: &str| write_line(&format!("{number} reap child {how}"));
                match outcome {
                    Outcome::InChild(Some(status)) => reap(&format!("exit {status}")),
                    Outcome::InChild(None) => reap("signal unknown"), // which one isn't told
                    // The reference knows a child by its status.
                    Outcome::Completed | Outcome::Disconnected if self.0.is_childs(number) => reap("exit 0"),
                    _ if self.0.is_childs(number) => reap("exit 1"),
                    Outcome::Disconnected => self.0.emit_of(number, "disconnected"),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}
