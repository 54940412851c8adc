//! What an acceptor waits for, and who else is to be told what woke it.

use super::{Acceptor, Role};
use crate::{
    AcceptError, Event, Job, MixIn, ServerError, ServerHooks, Transport,
    wake::{Ready, Wanted},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    os::fd::BorrowedFd,
    sync::atomic::Ordering::Relaxed,
    thread,
    time::{Duration, Instant},
};

/// Of a loop that can't wait, since the system lacks the memory for it: nothing wakes it from this.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_millis(100);

/// While the server stops, and room is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Whether a request can be taken in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Open,
    /// The limit of connections is reached.
    Full,
    /// The mix-in isn't ready.
    Shut,
    /// An error would repeat itself.
    Paused,
    /// The server is suspended.
    Suspended,
}

/// Why a wait ended, as far as it was for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    No,
    BySystem,
    /// By an acceptor that was woken and couldn't take the client in.
    ByOther,
}

impl<T: Transport, S: ServerHooks<T>> Acceptor<T, S> {
    /// Under load there is never a reason to wait, and so to notice what can be heard.
    pub(super) fn listen_now_and_then(&mut self) {
        const EVERY: Duration = Duration::from_millis(50);
        if self.role == Role::OneOfMany || !self.shared.core.has_ear() {
            return;
        }
        let now = Instant::now();
        if self.listened.is_none_or(|last| now.saturating_duration_since(last) >= EVERY) {
            self.listened = Some(now);
            self.shared.core.listen();
        }
    }

    /// Whether what this one takes ahead can't be waited for by others who have nothing to do.
    pub(super) fn is_alone(&self) -> bool {
        let is_only_loop = self.role == Role::Loop && self.shared.core.worker().is_none();
        (self.has_own_socket || is_only_loop) && !self.was_cloned.load(Relaxed)
    }

    /// Whether requests that were taken ahead are to be served though the server stops. Those that waited when the port was closed are in the
    /// backlog, and treated as that is.
    pub(super) fn has_time_for_prefetched(&self, transport: &T) -> bool {
        let in_time = |until: Option<Instant>| until.is_none_or(|until| Instant::now() < until);
        let is_ours = self.has_own_socket || self.role == Role::Loop;
        let core = &self.shared.core;
        is_ours && core.has_prefetched(transport) && !core.is_port_closed() && in_time(core.drain_until())
    }

    /// Ends a worker process whose socket is given up, when nobody waits there any more.
    pub(super) fn leave_if_empty(&self, transport: &T) {
        let core = &self.shared.core;
        if let Some(worker) = core.worker()
            && worker.leaves()
            && !core.is_stopping()
            && !transport.has_prefetched()
            && !is_readable(transport.readiness())
        {
            core.retire(worker.own_end());
        }
    }

    /// Wakes another worker process's acceptor, in case that the client we were woken for is still there.
    pub(super) fn pass_on(&self) {
        if let Some(worker) = self.shared.core.worker() {
            worker.relay.call();
        }
    }

    /// Connections last, so worker processes take them in turn: otherwise the first would get all that it has room for. Datagrams
    /// don't, and are best served by who is awake.
    pub(super) fn step_back(&mut self, job: &Job<T, S>, transport: &T) {
        if job.is_connection() {
            self.let_others_come(transport);
        }
    }

    /// The next client is another worker process's, if one waits.
    pub(super) fn let_others_come(&mut self, transport: &T) {
        if let Some(Some(crowd)) = &self.crowd
            && self.shared.core.worker().is_some()
            && !crowd.step_back(transport.readiness())
        {
            self.crowd = Some(None);
        }
    }

    /// Whether there are clients who waited when the port was closed.
    pub(super) fn has_kept(&self, transport: &T) -> bool {
        self.shared.core.is_port_closed() && transport.has_prefetched()
    }

    /// Whether an error that says that the socket doesn't listen is no wonder: the port is closed, or was a moment ago. Then there is nobody, and
    /// if we haven't heard of it yet we wait a little.
    pub(super) fn may_be_closed_port(&mut self) -> bool {
        const ENOUGH: u32 = 10;
        let core = &self.shared.core;
        if !core.was_port_closed() {
            return false;
        }
        self.fatal = self.fatal.saturating_add(1);
        if !core.is_port_closed() && self.fatal > ENOUGH {
            return false;
        }
        self.found_none = true;
        if !core.is_suspended() {
            self.paused_until = Some(Instant::now() + self.back_off.next().min(LONGEST_SLEEP));
        }
        true
    }

    /// What can be done now; with `stopping`, for those who are still in the backlog.
    pub(super) fn way<M: MixIn>(&self, mixin: &M, transport: &T, stopping: bool) -> Way {
        let gate = &self.shared.core.gate;
        match () {
            // What has been received ahead is served: a reply to one may be waiting for the others.
            _ if self.shared.core.is_suspended() && !stopping && !transport.has_prefetched() => {
                Way::Suspended
            }
            _ if self.paused_until.is_some() => Way::Paused,
            _ if !mixin.is_ready() => Way::Shut,
            _ if gate.is_full() && self.holds_up(gate.policy()) => Way::Full,
            _ => Way::Open,
        }
    }

    /// Waits for what can end the wait: a request or room for one, a wake-up, the mix-in, a point in time.
    pub(super) fn wait<M: MixIn>(
        &mut self,
        transport: &T,
        mixin: &M,
        way: Way,
        until: Option<Instant>,
    ) -> Result<Ready, ServerError> {
        let core = &self.shared.core;
        let stopping = core.is_stopping();
        // The wake-up stays while the server stops, so it isn't waited for; and what is new about the deadline must be looked for.
        let look = stopping.then(|| Instant::now() + LOOK_AGAIN);
        let until = [until, self.paused_until, self.next_tick, look].into_iter().flatten().min();
        let is_loop = self.role != Role::OneOfMany;
        let is_the_loop = self.role == Role::Loop;
        let ear = is_loop.then(|| core.ear()).flatten();
        // What a worker process's parent expects to see.
        let pulse = core.worker().filter(|_| is_loop).and_then(|worker| worker.settings.beat_every);
        let until = until.into_iter().chain(pulse.and_then(|every| Instant::now().checked_add(every))).min();
        let source = mixin.wake_source();
        let (open, full) = (way == Way::Open, way == Way::Full);
        // Those who wait inside are called in by whoever accepts, while that is possible.
        let calls_in = (open || way == Way::Paused) && !self.shared.waiting_room.is_empty();
        let lingering = if is_loop { self.shared.lingering.next_look() } else { None };
        let until = until.into_iter().chain(self.shared.waiting_room.next_end()).chain(lingering).min();
        let room = full || calls_in;
        let signals = ear.as_ref().map_or([None; 2], |ear| ear.readiness());
        // There are others: other threads, other processes.
        let in_crowd =
            open && !stopping && !calls_in && source.is_none() && (!is_loop || core.worker().is_some());
        let join = || {
            core.waker.crowd(
                transport.readiness(),
                signals,
                core.worker().map(|it| it.relay.clone()),
                is_the_loop,
            )
        };
        let waited = match in_crowd.then(|| self.crowd.get_or_insert_with(join).as_ref()).flatten() {
            Some(crowd) => crowd.wait(until),
            None => {
                let wanted = Wanted {
                    request: (open && !stopping).then(|| transport.readiness()), // what may be taken in then has been
                    open: way == Way::Suspended,
                    room,
                    // A loop that takes in nobody leaves what anybody may do to those who can.
                    deaf: stopping || is_the_loop && !mixin.is_ready(),
                    is_loop: is_the_loop,
                    mixin: source,
                    signals,
                    until,
                };
                core.wait(wanted, || calls_in || self.holds_up(core.gate.policy()))
            }
        };
        let ready = match waited {
            Ok(ready) => ready,
            // poll(2): "ENOMEM: Unable to allocate memory for kernel tables." Or fewer descriptors are allowed than it waits for. Until that
            // is over, all is looked for by trying.
            Err(error) if AcceptError::of(&error) == AcceptError::Exhausted => {
                core.counters.accept_failed();
                let wait = self.back_off.next().min(LONGEST_SLEEP);
                core.emit(&Event::AcceptFailed { error: &error, back_off: Some(wait) });
                thread::sleep(wait);
                Ready {
                    woken: true,
                    request: open || room,
                    mixin: source.is_some(),
                    signal: ear.is_some(),
                    called: false,
                }
            }
            Err(source) => return Err(ServerError::Accept { address: core.address.to_string(), source }),
        };
        if ready.signal {
            core.listen();
        }
        core.note(ready);
        if self.paused_until.is_some_and(|until| Instant::now() >= until) {
            self.paused_until = None;
        }
        Ok(ready)
    }

    /// Every `poll_interval`, while no requests come.
    pub(super) fn tick<M: MixIn>(&mut self, mixin: &M) {
        if self.next_tick.is_some_and(|tick| Instant::now() >= tick) {
            if self.role == Role::ForOne {
                self.shared.core.hook("service_actions", || mixin.service_actions());
            } else {
                self.service_actions(mixin);
            }
            self.schedule_tick();
        }
    }

    pub(super) fn schedule_tick(&mut self) {
        self.next_tick = self.shared.core.poll_interval.and_then(|every| Instant::now().checked_add(every));
    }
}

/// At this moment; if that can't be told, it may be.
fn is_readable(descriptor: BorrowedFd<'_>) -> bool {
    let mut slot = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
    poll(&mut slot, Some(&Timespec::default())) != Ok(0)
}
