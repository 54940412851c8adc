//! The workers of one `serve_forever`, and the thread that looks after them.

use super::{
    crew::{Begun, Crew, Next, TakenIn},
    threads::Threads,
};
use crate::sync::{Condvar, Mutex};
use socketserver_core::{
    Accepted, Acceptor, Bell, Event, Job, MixIn, Sequential, ServerError, ServerHooks, Transport,
};
use std::{
    io, mem,
    os::fd::{AsFd, BorrowedFd},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

/// After a thread could not be started, none is tried for so long.
const BACK_OFF: Duration = Duration::from_millis(500);

/// While the server stops, and its backlog is being served.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

pub(crate) struct Run<T: Transport, S: ServerHooks<T>> {
    crew: Mutex<Crew<Job<T, S>>>,
    /// Somebody has begun a request or has left, when that matters: at the end.
    changed: Condvar,
    /// Cloned for each worker.
    acceptor: Acceptor<T, S>,
    threads: Arc<Threads>,
    idle_time: Duration,
    /// Calls for the thread that looks after the workers.
    bell: Arc<Bell>,
    /// How many workers have requests to serve that they have received ahead, each on a socket of its own.
    with_received: AtomicUsize,
    /// Why a worker could not go on.
    failure: Mutex<Option<ServerError>>,
}

/// The mix-in of the thread that looks after the workers. It takes requests in only for the queue.
pub(crate) struct Overseer<T: Transport, S: ServerHooks<T>>(pub(crate) Arc<Run<T, S>>);

/// Whoever holds one is counted as alive, and not any more when it is gone, even by a panic.
struct Member<'a, T: Transport, S: ServerHooks<T>> {
    run: &'a Run<T, S>,
    is_busy: bool,
    is_counted: bool,
    has_received: bool,
}

impl<T: Transport, S: ServerHooks<T>> Run<T, S> {
    pub(crate) fn new(
        crew: Crew<Job<T, S>>,
        acceptor: &Acceptor<T, S>,
        threads: &Arc<Threads>,
        idle_time: Duration,
        bell: Arc<Bell>,
    ) -> Arc<Self> {
        Arc::new(Run {
            crew: Mutex::new(crew),
            changed: Condvar::new(),
            acceptor: acceptor.clone(),
            threads: threads.clone(),
            idle_time,
            bell,
            with_received: AtomicUsize::new(0),
            failure: Mutex::new(None),
        })
    }

    /// Starts a worker that has been counted; with a request of its own, or to accept, be it on a socket of its own.
    pub(crate) fn start_worker(
        self: &Arc<Self>,
        first: Option<Job<T, S>>,
        acceptor: Option<Acceptor<T, S>>,
    ) -> io::Result<()> {
        let is_busy = first.is_some();
        let first = Arc::new(Mutex::new(first)); // so that it isn't lost with a thread that can't start
        let (this, for_thread) = (self.clone(), first.clone());
        let started = self.threads.start(move || {
            let first = for_thread.lock().take();
            this.work(first, acceptor);
        });
        let Err(error) = started else { return Ok(()) };
        self.crew.lock().could_not_hire(is_busy, Instant::now(), BACK_OFF);
        self.acceptor.emit(&Event::WorkerNotStarted { error: &error, back_off: BACK_OFF });
        self.bell.ring();
        if let Some(job) = first.lock().take() {
            job.fail(format!("no thread for this request: {error}"));
        }
        Err(error)
    }

    /// The life of a worker.
    fn work(self: &Arc<Self>, first: Option<Job<T, S>>, own: Option<Acceptor<T, S>>) {
        let mut member =
            Member { run: self, is_busy: first.is_some(), is_counted: true, has_received: false };
        let has_socket = own.is_some();
        let mut acceptor = own.unwrap_or_else(|| self.acceptor.clone());
        let mut next = match first {
            Some(job) => Next::Serve(job),
            None => Next::Accept { may_retire: false },
        };
        loop {
            let job = match next {
                Next::Leave if has_socket => return self.finish_received(&mut acceptor),
                Next::Leave => return,
                Next::Serve(job) => job,
                Next::Accept { may_retire } => match self.accept(&mut acceptor, may_retire) {
                    Ok(Accepted::Job(job)) => {
                        member.is_busy = true;
                        if has_socket {
                            member.notes_received(acceptor.has_received()); // before others see that it is busy
                        }
                        self.begin();
                        job
                    }
                    Ok(Accepted::Refused) => {
                        acceptor.service_actions(&Sequential);
                        next = Next::Accept { may_retire };
                        continue;
                    }
                    Ok(Accepted::TimedOut) => {
                        if self.crew.lock().retire() {
                            return member.is_counted = false;
                        }
                        next = Next::Accept { may_retire };
                        continue;
                    }
                    Ok(Accepted::Stopped) => return,
                    Err(error) => return self.fail(error),
                },
            };
            acceptor.process_request(job, &Sequential);
            next = self.finish();
            member.is_busy = matches!(next, Next::Serve(_));
            member.is_counted = !matches!(next, Next::Leave);
            acceptor.service_actions(&Sequential);
        }
    }

    /// Serves what was received ahead, for there is nobody else to do it.
    fn finish_received(&self, acceptor: &mut Acceptor<T, S>) {
        while let Some(job) = acceptor.take_received() {
            acceptor.process_request(job, &Sequential);
        }
    }

    /// One that was counted isn't even tried.
    pub(crate) fn not_started(&self) {
        self.crew.lock().quit(false);
    }

    fn accept(&self, acceptor: &mut Acceptor<T, S>, may_retire: bool) -> Result<Accepted<T, S>, ServerError> {
        let until = may_retire.then(|| Instant::now().checked_add(self.idle_time)).flatten();
        acceptor.accept(&Sequential, until)
    }

    fn begin(self: &Arc<Self>) {
        let mut crew = self.crew.lock();
        let begun = crew.begin(Instant::now);
        if crew.is_over() {
            self.changed.notify_all();
        }
        drop(crew);
        match begun {
            Begun::Nothing => {}
            Begun::Grow => drop(self.start_worker(None, None)), // it has been told
            Begun::Look => self.bell.ring(),
        }
    }

    fn finish(&self) -> Next<Job<T, S>> {
        let (next, was_busy_for) = self.crew.lock().finish(Instant::now);
        if let Some(after) = was_busy_for {
            self.acceptor.emit(&Event::WorkersFree { after });
        }
        next
    }

    /// One worker that can't accept means that none can.
    fn fail(&self, error: ServerError) {
        self.failure.lock().get_or_insert(error);
        self.acceptor.stop();
    }

    pub(crate) fn failure(&self) -> Option<ServerError> {
        self.failure.lock().take()
    }

    /// Takes in what came while all workers were busy.
    pub(crate) fn take_in(self: &Arc<Self>, job: Job<T, S>) {
        let taken = self.crew.lock().take_in(job);
        match taken {
            TakenIn::Queued => {}
            TakenIn::Rejected(job) => job.reject(),
            TakenIn::Serve(job) => drop(self.start_worker(Some(job), None)), // it has been told
        }
    }

    /// Lets the workers serve those who were in the backlog when the server was told to stop, if that is wanted.
    pub(crate) fn serve_backlog(self: &Arc<Self>) {
        while self.acceptor.is_serving_backlog() && !self.crew.lock().is_deserted() {
            self.look(); // for more workers may be needed
            let mut crew = self.crew.lock();
            self.changed.wait_for(&mut crew, LOOK_AGAIN); // nothing tells
        }
    }

    /// Ends the accepting. Workers that are serving go on, and leave when they have finished; those who are not have left when
    /// this returns, and so have, if a deadline gives them the time,
    /// those that had received several requests at a time. Only then may the server forget that it has been stopped.
    pub(crate) fn end(&self) {
        let mut crew = self.crew.lock();
        crew.end();
        while crew.free() > 0 {
            self.changed.wait(&mut crew);
        }
        let in_time = || self.acceptor.drain_until().is_some_and(|until| Instant::now() < until);
        while self.with_received.load(SeqCst) > 0 && in_time() {
            self.changed.wait_for(&mut crew, LOOK_AGAIN); // the deadline may change
        }
    }

    fn look(self: &Arc<Self>) {
        self.bell.silence();
        let now = Instant::now();
        let mut crew = self.crew.lock();
        let grows = crew.grow(now);
        let busy = crew.busy();
        let is_due = crew.alarm().look_at().is_some_and(|time| time <= now);
        let for_how_long = if is_due { crew.alarm().look(now) } else { None };
        drop(crew);
        if grows {
            let _ = self.start_worker(None, None); // it has been told
        }
        if let Some(for_how_long) = for_how_long {
            self.acceptor.emit(&Event::WorkersBusy { busy, for_how_long });
        }
    }
}

impl<T: Transport, S: ServerHooks<T>> Member<'_, T, S> {
    fn notes_received(&mut self, some: bool) {
        match (mem::replace(&mut self.has_received, some), some) {
            (false, true) => _ = self.run.with_received.fetch_add(1, SeqCst),
            (true, false) => _ = self.run.with_received.fetch_sub(1, SeqCst),
            _ => {}
        }
    }
}

impl<T: Transport, S: ServerHooks<T>> Drop for Member<'_, T, S> {
    fn drop(&mut self) {
        self.notes_received(false);
        if self.is_counted {
            let mut crew = self.run.crew.lock();
            crew.quit(self.is_busy);
        }
        self.run.changed.notify_all();
    }
}

impl<T: Transport, S: ServerHooks<T>> MixIn for Overseer<T, S> {
    fn process_request<T2: Transport, S2: ServerHooks<T2>>(&self, job: Job<T2, S2>) {
        job.run();
    }

    fn is_ready(&self) -> bool {
        self.0.crew.lock().overflows()
    }

    fn wake_source(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.bell.as_fd())
    }

    fn wake_time(&self) -> Option<Instant> {
        self.0.crew.lock().look_at()
    }

    fn service_actions(&self) {
        self.0.look();
    }
}
