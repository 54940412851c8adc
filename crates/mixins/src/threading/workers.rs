//! Threads that are used again.

use crate::at_end::AtEnd;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use parking_lot::Mutex;
use std::{
    cell::Cell,
    collections::HashMap,
    fmt, io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// Something to run on a thread, or to be told that there is none.
pub(crate) trait Task: Send {
    fn run(self: Box<Self>);
    fn fail(self: Box<Self>, error: io::Error);
}

/// As many threads as there are tasks at the same time.
///
/// The channel holds nothing: a task goes to a thread that waits for one at this moment, or to a new one. So nothing is ever
/// queued behind a busy thread, and no count of idle threads can be wrong.
pub(crate) struct Workers {
    pub(crate) stack_size: Option<usize>,
    pub(crate) name: String,
    pub(crate) idle_time: Duration,
    /// `None` when closed, which also sends the waiting threads home.
    hand_over: Mutex<Option<Sender<Box<dyn Task>>>>,
    take: Receiver<Box<dyn Task>>,
    threads: Arc<Mutex<Threads>>,
    /// Held while the threads are joined, so that all who close come back when they have ended, not the first only.
    joining: Mutex<()>,
}

#[derive(Default)]
struct Threads {
    started: u64,
    handles: HashMap<u64, JoinHandle<()>>,
    /// Those at their very end, to be forgotten by whoever comes next; when the server is closed, joined as all others.
    finished: Vec<u64>,
}

thread_local! {
    /// Which workers this thread is one of: the address of their `threads`.
    static WORKS_FOR: Cell<usize> = const { Cell::new(0) };
}

impl Workers {
    pub(crate) fn new() -> Self {
        let (hand_over, take) = bounded(0);
        Workers {
            stack_size: None,
            name: "request".into(),
            idle_time: Duration::from_secs(10),
            hand_over: Mutex::new(Some(hand_over)),
            take,
            threads: Arc::default(),
            joining: Mutex::default(),
        }
    }

    /// Runs a task, on a thread that waits for one or on a new one. Gives it back if there is no thread to be had.
    pub(crate) fn run(&self, task: Box<dyn Task>) -> Result<(), (Box<dyn Task>, io::Error)> {
        let handed_over = match &*self.hand_over.lock() {
            Some(channel) => channel.try_send(task),
            None => Err(TrySendError::Disconnected(task)),
        };
        match handed_over {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(task)) => self.start(task),
            Err(TrySendError::Disconnected(task)) => Err((task, io::Error::other("the server is closed"))),
        }
    }

    fn start(&self, first: Box<dyn Task>) -> Result<(), (Box<dyn Task>, io::Error)> {
        let (take, threads, idle_time) = (self.take.clone(), self.threads.clone(), self.idle_time);
        let first = Arc::new(Mutex::new(Some(first))); // so that it isn't lost with a thread that can't start
        let for_thread = first.clone();

        let mut threads_now = self.threads.lock();
        threads_now.forget_finished();
        let number = threads_now.started;
        threads_now.started += 1;
        let mut builder = thread::Builder::new().name(format!("{}-{number}", self.name));
        if let Some(bytes) = self.stack_size {
            builder = builder.stack_size(bytes);
        }
        let started = builder.spawn(move || {
            WORKS_FOR.set(Arc::as_ptr(&threads).addr());
            // By the end, not before it: closing waits for all that have not come so far.
            let _end = AtEnd::call(move || threads.lock().finished.push(number));
            let mut task = for_thread.lock().take();
            while let Some(this) = task {
                this.run();
                task = take.recv_timeout(idle_time).ok();
            }
        });
        match started {
            Ok(handle) => {
                threads_now.handles.insert(number, handle);
                Ok(())
            }
            Err(error) => {
                drop(threads_now);
                let task = first.lock().take().expect("no thread has taken it");
                Err((task, error))
            }
        }
    }

    pub(crate) fn count(&self) -> usize {
        let mut threads = self.threads.lock();
        threads.forget_finished();
        threads.handles.len()
    }

    /// Takes no more tasks; waits for those that run, if `wait` says so. One of the threads may call this too: it can't wait for
    /// itself, nor for others that may be doing the same, and leaves the waiting to whoever closes from outside.
    pub(crate) fn close(&self, wait: bool) {
        *self.hand_over.lock() = None;
        if !wait || WORKS_FOR.get() == Arc::as_ptr(&self.threads).addr() {
            return;
        }
        let _joining = self.joining.lock();
        let handles: Vec<_> = self.threads.lock().handles.drain().map(|(_, handle)| handle).collect();
        for handle in handles {
            let _ = handle.join(); // a task doesn't panic
        }
    }
}

impl Threads {
    /// Their handles are let go, not joined: whoever comes here has something else to do than to wait for the system.
    fn forget_finished(&mut self) {
        for number in std::mem::take(&mut self.finished) {
            self.handles.remove(&number);
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers")
            .field("name", &self.name)
            .field("threads", &self.threads.lock().handles.len())
            .finish_non_exhaustive()
    }
}
