//! The mix-in: a few threads, and a queue for each.

use parking_lot::Mutex;
use socketserver::{Address, Job, MixIn, Runs, ServerHooks, Transport};
use std::{
    hash::{BuildHasher, RandomState},
    io, mem,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

/// How many requests may wait for one thread.
const QUEUE: usize = 1000;

/// Runs requests on a fixed number of threads; those of one client on the same one, so in the order in which they came.
pub(crate) struct Lanes {
    lanes: Mutex<Vec<Lane>>,
    hasher: RandomState,
}

struct Lane {
    queue: SyncSender<Task>,
    thread: JoinHandle<()>,
}

/// A job without its type: a mix-in serves every transport, so it can't keep a queue of `Job<T, S>`.
type Task = Box<dyn FnOnce() + Send>;

impl Lanes {
    pub(crate) fn new(count: usize) -> io::Result<Self> {
        let lanes = (0..count.max(1)).map(Lane::start).collect::<io::Result<_>>()?;
        Ok(Lanes { lanes: Mutex::new(lanes), hasher: RandomState::new() })
    }

    /// The queue of the thread that serves `client`; `None` if the server is closed.
    fn queue_of(&self, client: Address) -> Option<SyncSender<Task>> {
        let lanes = self.lanes.lock();
        let number = (self.hasher.hash_one(client) as usize).checked_rem(lanes.len())?;
        Some(lanes[number].queue.clone())
    }
}

impl Lane {
    fn start(number: usize) -> io::Result<Self> {
        let (queue, tasks) = sync_channel::<Task>(QUEUE);
        let thread = thread::Builder::new()
            .name(format!("lane {number}"))
            .spawn(move || tasks.into_iter().for_each(|task| task()))?;
        Ok(Lane { queue, thread })
    }
}

/// All kinds of handlers.
impl<Kind> Runs<Kind> for Lanes {}

impl MixIn for Lanes {
    /// Called from the loop, so it must not wait: a request for which there is no room is closed by being dropped. For a
    /// datagram that is as if the network had lost it.
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        let Some(queue) = self.queue_of(job.client_address().clone().into()) else { return };
        let _ = queue.try_send(Box::new(move || {
            job.run();
        }));
    }

    /// What is in the queues is still served.
    fn server_close(&self) {
        let lanes = mem::take(&mut *self.lanes.lock());
        for Lane { queue, thread } in lanes {
            drop(queue); // the thread ends when it has served the rest
            let _ = thread.join(); // a job doesn't panic
        }
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        self.server_close();
    }
}
