//! A worker process's side of the end, in a core that has been told that it is one.

use super::{core, late, request, soon};
use crate::{
    Bell, WorkerSettings, core::Core, crowd::Relay, slot::Slot, wake::Wanted, worker_process::WorkerSide,
};
use socketserver_handlers::ServerControl;
use std::{sync::Arc, time::Duration};

impl Core {
    /// From now on it takes itself for that of a worker process, which shares this with its parent.
    pub(crate) fn act_as_worker(&self, settings: WorkerSettings) -> Arc<Slot> {
        let (news, relay) = (Arc::new(Bell::new().unwrap()), Arc::new(Relay::new().unwrap()));
        let slot = Arc::new(Slot::new().unwrap());
        let nudge = Arc::new(Bell::new().unwrap());
        let side = WorkerSide::new(1, slot.clone(), &news, nudge, settings, relay);
        assert!(self.worker.set(side).is_ok());
        slot
    }
}

fn worker() -> (Arc<Core>, Arc<Slot>) {
    let core = core();
    let slot = core.act_as_worker(WorkerSettings::default());
    (core, slot)
}

fn is_woken(core: &Core) -> bool {
    let until = Some(soon());
    core.wait(Wanted { until, ..Wanted::default() }, || true).unwrap().woken
}

#[test]
fn it_hands_the_wish_to_stop_to_its_parent_and_goes_on() {
    let (core, slot) = worker();
    core.request_stop(None);
    assert_eq!(slot.take_ask(), Some(None));
    core.request_stop(Some(late()));
    assert!(matches!(slot.take_ask(), Some(Some(grace)) if grace > Duration::ZERO));
    assert!(!core.is_stopping() && !core.is_draining());
}

#[test]
fn it_stops_when_its_parent_says_so_by_the_last_deadline_that_was_said() {
    let (core, _) = worker();
    assert_eq!(core.drain_until(), None);
    let until = late();
    core.stop_here(Some(until));
    assert!(core.is_stopping() && core.is_draining() && is_woken(&core));
    assert_eq!(core.drain_until(), Some(until));
    core.stop_here(None);
    assert_eq!(core.drain_until(), None);
}

#[test]
fn the_last_request_that_leaves_while_it_drains_wakes_it_and_no_other_does() {
    let (core, _) = worker();
    drop(request(&core));
    assert!(!is_woken(&core), "it serves");
    let (first, last) = (request(&core), request(&core));
    core.stop_here(None);
    core.waker.reset();
    drop(first);
    assert!(!is_woken(&core), "one is left");
    drop(last);
    assert!(is_woken(&core));
}
