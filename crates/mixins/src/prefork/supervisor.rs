//! The parent's loop: forks processes, and sees to it that there are as many as there should be.

use super::{
    herd::{Herd, List},
    news::News,
    plan::Step,
    process::Process,
    pulse,
};
use crate::forking::threads;
use rustix::process::Pid;
use socketserver_core::{
    Acceptor, ForkedWorker, Job, MixIn, ServerHooks, Transport, WorkerPhase, WorkerProcess, WorkerSettings,
};
use std::{
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    mem,
    os::fd::BorrowedFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Instant,
};

/// The mix-in of the parent's loop, which takes no requests.
pub(crate) struct Supervisor<T: Transport, S: ServerHooks<T>, Inner> {
    pub(crate) herd: Arc<Herd>,
    pub(crate) acceptor: Acceptor<T, S>,
    pub(crate) inner: Arc<Inner>,
    /// How many requests a process serves: so many, and a random number up to the second more.
    pub(crate) max_requests: Option<(u64, u64)>,
    /// There were other threads when a process was forked, which has been told.
    pub(crate) had_threads: AtomicBool,
}

impl<T: Transport, S: ServerHooks<T>, Inner: MixIn> Supervisor<T, S, Inner> {
    /// Looks after the processes, and forks what is missing. Fails only if it has none at all.
    pub(crate) fn tend(&self) -> io::Result<()> {
        let now = Instant::now();
        let mut list = self.herd.lock();
        let asked = self.herd.tend(&mut list, now);
        let mut result = Ok(());
        let is_unusable = list.unusable.is_some();
        if asked.is_none() && !is_unusable {
            while let Some(step) = self.herd.plan(&list, now) {
                match step {
                    Step::Stop(which) => self.stop(&mut list.processes[which], now),
                    Step::Fork(socket) => match self.fork(&mut list, socket) {
                        Ok(None) => {}
                        Ok(Some(child)) => {
                            drop(list); // a handler may ask for the processes
                            child.run(&*self.inner, !self.had_threads.load(SeqCst))
                        }
                        Err(error) => {
                            result = self.could_not_fork(&mut list, error, now);
                            break;
                        }
                    },
                }
            }
        }
        if self.herd.socket_each {
            self.give_up_sockets(&list);
        }
        self.herd.tell(list);
        if is_unusable {
            self.acceptor.stop(); // `serve` says why
        }
        if let Some(grace) = asked {
            self.acceptor.request_shutdown(grace); // the loop hears it
        }
        result
    }

    /// Closes those on which nobody accepts any more, nor is going to.
    fn give_up_sockets(&self, list: &List) {
        let used =
            list.processes.iter().filter(|it| it.phase() != WorkerPhase::Leaving).map(|it| it.socket + 1);
        self.acceptor.close_sockets(used.chain([self.herd.target.load(SeqCst)]).max().unwrap_or(1));
    }

    /// Tells one to stop: at once if another one serves on its socket, or is going to.
    fn stop(&self, process: &mut Process, now: Instant) {
        if process.socket < self.herd.target.load(SeqCst) || !self.herd.socket_each {
            return process.retire(self.herd.grace, now);
        }
        // Ours first, so that the socket is gone with the process's, which closes it when nobody waits there.
        self.acceptor.close_sockets(process.socket);
        process.leave(self.herd.grace, now);
    }

    fn could_not_fork(&self, list: &mut List, error: io::Error, now: Instant) -> io::Result<()> {
        let back_off = list.back_off.could_not_fork(now);
        let copy = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
        list.news.push(News::NotStarted { error, back_off });
        if list.processes.is_empty() { Err(copy) } else { Ok(()) }
    }

    /// Forks a process. The list is locked by us meanwhile, so that the child's copy is not locked by another thread. In the child,
    /// gives what it is to run.
    fn fork(&self, list: &mut List, socket: usize) -> io::Result<Option<WorkerProcess<T, S>>> {
        let herd = &self.herd;
        let threads = threads::count();
        if threads > 1 && !self.had_threads.swap(true, SeqCst) {
            list.news.push(News::ForkWithThreads { threads });
        }
        if threads == 1 {
            let _ = io::stdout().flush(); // or each process prints what is in the buffer
        }
        let settings = WorkerSettings {
            socket: herd.socket_each.then_some(socket),
            max_requests: self.max_requests.map(|(least, jitter)| least.saturating_add(random_up_to(jitter))),
            grace: herd.grace,
            beat_every: herd.heartbeat.map(pulse::interval),
        };
        let lifeline = herd.watch.lifeline();
        match self.acceptor.fork_worker(settings, herd.bell()?)? {
            ForkedWorker::Parent(worker) => {
                let pid = Pid::from_raw(worker.pid()).expect("the id of a process");
                let watched = herd.watch.add(pid, lifeline);
                list.news.push(News::Started { pid: worker.pid() });
                let generation = herd.generation.load(SeqCst);
                list.processes.push(Process::new(worker, pid, watched, (generation, socket), Instant::now()));
                Ok(None)
            }
            ForkedWorker::Child(child) => {
                mem::forget(lifeline); // its writing end stays open to the end
                for sibling in list.processes.drain(..) {
                    sibling.watched.close_in_child(child.child());
                    mem::forget(sibling); // its books and its descriptor are the parent's
                }
                list.news.clear();
                if let Some(watch) = herd.watch.readiness() {
                    child.child().close_inherited(watch);
                }
                Ok(Some(child))
            }
        }
    }
}

/// Evenly enough for spreading things.
fn random_up_to(limit: u64) -> u64 {
    match limit.checked_add(1) {
        Some(choices) => RandomState::new().hash_one(0) % choices,
        None => RandomState::new().hash_one(0),
    }
}

impl<T: Transport, S: ServerHooks<T>, Inner: MixIn> MixIn for Supervisor<T, S, Inner> {
    fn process_request<T2: Transport, S2: ServerHooks<T2>>(&self, job: Job<T2, S2>) {
        job.run();
    }

    fn is_ready(&self) -> bool {
        false
    }

    fn wake_source(&self) -> Option<BorrowedFd<'_>> {
        self.herd.watch.readiness()
    }

    fn wake_time(&self) -> Option<Instant> {
        self.herd.wake_time(&self.herd.lock(), Instant::now())
    }

    fn service_actions(&self) {
        let _ = self.tend(); // what fails has been told, and is tried again
    }
}
