//! A worker process's side of the end, in a core that has been told that it is one.

use super::{core, late, request, soon};
use crate::{
    Bell, WorkerSettings,
    core::Core,
    crowd::Relay,
    signals::Heard,
    slot::{Slot, Wish},
    wake::Wanted,
    worker_process::{LettingIn, WorkerSide},
};
use socketserver_handlers::ServerControl;
use socketserver_net::{Connection, StreamRequest, UnixAddress, UnixStream};
use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

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

/// A connection of which nothing has been read yet, as the registry lists it.
fn newcomer(core: &Core) -> (Connection, std::os::unix::net::UnixStream) {
    let (here, there) = std::os::unix::net::UnixStream::pair().unwrap();
    let connection = StreamRequest::connection(&UnixStream::from(here));
    assert!(core.registry.insert(1, UnixAddress::Unnamed.into(), Some(&connection)));
    (connection, there)
}

#[test]
fn one_that_is_replaced_drains_when_nobody_is_there_who_has_said_nothing() {
    let (core, _) = worker();
    let (connection, mut client) = newcomer(&core);
    let until = late();
    core.retire(Some(until));
    assert!(core.is_stopping() && is_woken(&core), "it accepts nothing");
    assert_eq!(core.drain_until(), Some(until));
    assert!(!core.is_draining() && core.tend_retirement().is_some(), "it looks again");
    client.write_all(b"ask").unwrap();
    connection.recv(&mut [0; 3]).unwrap();
    assert_eq!(core.tend_retirement(), None);
    assert!(core.is_draining());
    assert_eq!(core.drain_until(), Some(until));
}

#[test]
fn one_that_is_replaced_waits_for_nobody_who_is_gone_or_has_been_closed() {
    let (core, _) = worker();
    let (connection, _client) = newcomer(&core);
    core.registry.close_all(|_| {});
    core.retire(None);
    assert!(core.is_draining());
    drop(connection);

    let (core, _) = worker();
    let (connection, _client) = newcomer(&core);
    core.retire(None);
    assert!(!core.is_draining());
    drop(connection);
    assert_eq!(core.tend_retirement(), None);
    assert!(core.is_draining());
}

#[test]
fn one_that_is_replaced_waits_for_who_is_being_let_in() {
    let (core, _) = worker();
    let letting_in = LettingIn::begin(&core);
    assert!(letting_in.is_some());
    core.retire(None);
    assert!(!core.is_draining());
    drop(letting_in);
    assert_eq!(core.tend_retirement(), None);
    assert!(core.is_draining());
}

#[test]
fn one_that_is_replaced_drains_at_once_if_the_server_stops() {
    let (core, slot) = worker();
    let _newcomer = newcomer(&core);
    slot.wish(Wish::Retire(None));
    core.obey(Heard::Wishes);
    assert!(core.is_stopping() && !core.is_draining());
    slot.wish(Wish::Stop(None));
    core.obey(Heard::Wishes);
    assert!(core.is_draining());
    assert_eq!(core.tend_retirement(), None);
}

#[test]
fn one_that_is_replaced_while_the_server_stops_keeps_the_deadline_of_the_stop() {
    let (core, _) = worker();
    let until = soon();
    core.stop_here(Some(until));
    core.retire(Some(late()));
    assert_eq!(core.drain_until(), Some(until));
    let sooner = Instant::now();
    core.stop_here(Some(sooner));
    assert_eq!(core.drain_until(), Some(sooner), "another stop counts");
}
