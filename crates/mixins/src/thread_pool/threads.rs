//! Threads with names and numbers, all of which are joined some day.

use crate::{
    at_end::AtEnd,
    sync::{
        Mutex,
        thread::{self, JoinHandle},
    },
};
#[cfg(loom)]
use socketserver_sys::sync::thread_local;
use std::{cell::Cell, collections::HashMap, io, sync::Arc};

/// The threads of a pool.
#[derive(Debug)]
pub(crate) struct Threads {
    pub(crate) name: String,
    pub(crate) stack_size: Option<usize>,
    list: Mutex<List>,
    /// Held while the threads are joined, so that all who close come back when they have ended, not the first only.
    joining: Mutex<()>,
}

#[derive(Debug, Default)]
struct List {
    started: u64,
    handles: HashMap<u64, JoinHandle<()>>,
    /// Those at their very end, to be forgotten by whoever comes next; when the pool is closed, joined as all others.
    finished: Vec<u64>,
}

thread_local! {
    /// Which pool this thread is of: the address of its [`Threads`].
    static IS_OF: Cell<usize> = const { Cell::new(0) };
}

impl Threads {
    pub(crate) fn new() -> Self {
        Threads { name: "worker".into(), stack_size: None, list: Mutex::default(), joining: Mutex::default() }
    }

    /// Runs `work`, which doesn't panic, on a new thread.
    pub(crate) fn start(self: &Arc<Self>, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut list = self.list.lock();
        list.forget_finished();
        let number = list.started;
        list.started += 1;
        let mut builder = thread::Builder::new().name(format!("{}-{number}", self.name));
        if let Some(bytes) = self.stack_size {
            builder = builder.stack_size(bytes);
        }
        let this = self.clone();
        let handle = builder.spawn(move || {
            IS_OF.with(|it| it.set(Arc::as_ptr(&this).addr()));
            let _end = AtEnd::call(move || this.list.lock().finished.push(number));
            work();
        })?;
        list.handles.insert(number, handle);
        Ok(())
    }

    pub(crate) fn count(&self) -> usize {
        let mut list = self.list.lock();
        list.forget_finished();
        list.handles.len()
    }

    /// Waits until all have ended. One of them may call this too: it can't wait for itself, nor for others that may be doing the
    /// same, and leaves the waiting to whoever closes from outside.
    pub(crate) fn join(self: &Arc<Self>) {
        if IS_OF.with(|it| it.get()) == Arc::as_ptr(self).addr() {
            return;
        }
        let _joining = self.joining.lock();
        loop {
            let handles: Vec<_> = self.list.lock().handles.drain().collect();
            if handles.is_empty() {
                return;
            }
            for (_, handle) in handles {
                let _ = handle.join(); // a worker doesn't panic: what it runs is guarded
            }
        }
    }
}

impl List {
    /// Their handles are let go, not joined: whoever comes here has something else to do than to wait for the system.
    fn forget_finished(&mut self) {
        for number in std::mem::take(&mut self.finished) {
            self.handles.remove(&number);
        }
    }
}
