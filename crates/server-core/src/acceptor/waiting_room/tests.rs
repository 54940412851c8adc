//! Clients for whom there is no room: who waits where, for how long, and who is called in.

use super::{SEATS, WaitingRoom, Way};
use crate::{
    Accepted, Acceptor, Backlog, Job, Limit, Refusal,
    lingering::{Ending, Wish},
    scripted::{Notes, Script, Scripted, in_child, is_open, serve},
    wake::Wanted,
};
use std::{
    net::Shutdown,
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

const LONG: Duration = Duration::from_secs(3600);

type Loop = Acceptor<Script, Notes>;

fn server(limit: Limit) -> (Scripted, Loop) {
    serve(Script::new(), |builder| builder.max_connections(limit))
}

/// One client comes, and waits for so long. Its number.
fn waits((server, acceptor): &(Scripted, Loop), time: Duration) -> u64 {
    let script = server.socket().unwrap();
    drop(script.come());
    let (request, peer) = crate::Transport::get_request(&*script).unwrap();
    let job = Job::new(&acceptor.shared, request, peer, false);
    let id = job.parts().ticket.id();
    acceptor.keep_waiting(job, time);
    id
}

/// The number of the one that is called in.
fn called(acceptor: &Loop, way: Way) -> Option<u64> {
    match acceptor.call_in(way)? {
        Accepted::Job(job) => {
            assert!(job.parts().ticket.holds_a_place());
            Some(job.parts().ticket.id())
        }
        _ => panic!("nobody else is called in"),
    }
}

fn is_woken(acceptor: &Loop) -> bool {
    let wanted = Wanted { until: Some(Instant::now()), ..Wanted::default() };
    acceptor.shared.core.waker.wait(wanted).unwrap().woken
}

#[test]
fn the_first_is_called_in_when_there_is_room_and_then_the_next() {
    let served = server(Limit::wait(1, LONG));
    let acceptor = &served.1;
    assert_eq!(called(acceptor, Way::Open), None, "nobody waits");
    let (first, second) = (waits(&served, LONG), waits(&served, LONG));
    assert!(acceptor.shared.core.gate.try_enter());
    for way in [Way::Open, Way::Full, Way::Paused, Way::Shut, Way::Suspended] {
        assert_eq!(called(acceptor, way), None, "no room, {way:?}");
    }
    acceptor.shared.core.left();
    for way in [Way::Shut, Way::Suspended] {
        assert_eq!(called(acceptor, way), None, "nobody is let in, {way:?}");
    }
    acceptor.shared.core.waker.reset();
    assert_eq!(called(acceptor, Way::Full), Some(first));
    assert!(is_woken(acceptor), "for the other, since we may be busy for long");
    acceptor.shared.core.waker.reset();
    assert_eq!(called(acceptor, Way::Paused), Some(second));
    assert!(!is_woken(acceptor), "there is no other");
    assert_eq!(called(acceptor, Way::Open), None);
}

#[test]
fn who_has_waited_too_long_is_turned_away() {
    let served = server(Limit::wait(0, LONG));
    waits(&served, Duration::ZERO);
    waits(&served, LONG);
    assert_eq!(called(&served.1, Way::Full), None);
    assert_eq!(*served.0.state().rejected.lock(), [Refusal::WaitedTooLong]);
    assert!(!served.1.shared.waiting_room.is_empty(), "the other waits on");
}

#[test]
fn when_the_server_stops_all_are_turned_away() {
    let served = server(Limit::wait(5, LONG));
    let core = &served.1.shared.core;
    let serving = core.begin_serving().unwrap();
    (0..2).for_each(|_| _ = waits(&served, LONG));
    core.request_stop(None);
    assert_eq!(called(&served.1, Way::Open), None);
    assert_eq!(*served.0.state().rejected.lock(), [Refusal::Draining; 2]);
    assert!(served.1.shared.waiting_room.is_empty());
    drop(serving);
}

/// One that stops, and somebody who waits.
fn stopping(choice: Backlog, until: Option<Instant>) -> ((Scripted, Loop), u64) {
    let set = |it: crate::ServerBuilder<_, _, _, _>| it.max_connections(Limit::wait(5, LONG));
    let served = serve(Script::new(), |builder| set(builder).backlog_at_shutdown(choice));
    std::mem::forget(served.1.shared.core.begin_serving().unwrap().unwrap());
    let id = waits(&served, LONG);
    assert!(!served.1.is_serving_backlog(), "it serves");
    served.1.shared.core.request_stop(until);
    (served, id)
}

#[test]
fn they_are_served_at_the_stop_where_the_backlog_is_until_the_deadline() {
    let late = Some(Instant::now() + LONG);
    for (choice, until, serves) in [
        (Backlog::Serve, None, true),
        (Backlog::Serve, late, true),
        (Backlog::Serve, Some(Instant::now()), false),
        (Backlog::Keep, late, false),
    ] {
        let (served, id) = stopping(choice, until);
        assert_eq!(
            (served.1.is_serving_backlog(), served.1.serves_waiting()),
            (serves, serves),
            "{choice:?}"
        );
        assert_eq!(called(&served.1, Way::Open), serves.then_some(id), "{choice:?}");
        assert_eq!(served.0.state().rejected.lock().len(), usize::from(!serves), "{choice:?}");
        assert!(!served.1.is_serving_backlog() && !served.1.serves_waiting(), "nobody is left");
    }
}

#[test]
fn at_the_stop_those_call_them_in_who_take_in_and_the_others_leave_them_alone() {
    let (served, id) = stopping(Backlog::Serve, None);
    let (looks_on, takes_in) = (&served.1, served.1.clone());
    assert!(!looks_on.serves_waiting() && looks_on.is_serving_backlog());
    assert_eq!(called(looks_on, Way::Shut), None);
    assert!(takes_in.serves_waiting());
    assert_eq!(called(&takes_in, Way::Full), Some(id));

    let (served, _) = stopping(Backlog::Serve, None);
    let for_one = Acceptor::for_one(&served.1.shared, served.0.socket().unwrap());
    assert!(!for_one.serves_waiting());
    assert_eq!(called(&for_one, Way::Open), None);
    assert_eq!(*served.0.state().rejected.lock(), [Refusal::Draining], "for nobody else comes");
}

#[test]
fn who_can_never_be_let_in_holds_up_no_stop() {
    let (served, _) = stopping(Backlog::Serve, None);
    let core = &served.1.shared.core;
    core.set_limit(Limit::wait(1, LONG));
    assert!(core.gate.try_enter());
    assert!(served.1.serves_waiting(), "somebody is inside, who may leave");
    core.set_limit(Limit::wait(0, LONG));
    assert!(served.1.serves_waiting());
    core.left();
    assert!(!served.1.serves_waiting() && !served.1.is_serving_backlog());
    assert_eq!(called(&served.1, Way::Full), None);
    assert_eq!(*served.0.state().rejected.lock(), [Refusal::Draining]);
}

/// They aren't ended by force with those inside, and are told.
#[test]
fn at_the_deadline_they_are_told_to_go() {
    let (served, id) = stopping(Backlog::Serve, Some(Instant::now()));
    served.1.shared.core.force();
    assert!(!served.1.shared.core.is_forced(id));
    assert_eq!(called(&served.1, Way::Open), None);
    assert_eq!(*served.0.state().rejected.lock(), [Refusal::Draining]);
    let served = server(Limit::wait(5, LONG));
    let id = waits(&served, LONG);
    let _inside = served.1.call_in(Way::Open);
    served.1.shared.core.force();
    assert!(served.1.shared.core.is_forced(id), "it waits no more");
}

#[test]
fn whose_time_ends_first_is_known_be_it_not_the_first_who_came() {
    let served = server(Limit::wait(5, LONG));
    let room = &served.1.shared.waiting_room;
    assert!(room.is_empty() && room.next_end().is_none());
    let before = Instant::now();
    waits(&served, LONG);
    let end = room.next_end().unwrap();
    assert!(!room.is_empty() && end >= before + LONG && end <= Instant::now() + LONG);
    waits(&served, Duration::ZERO);
    assert!(room.next_end().unwrap() <= Instant::now());
    assert_eq!(called(&served.1, Way::Shut), None);
    assert_eq!(*served.0.state().rejected.lock(), [Refusal::WaitedTooLong]);
    assert_eq!(room.next_end(), Some(end), "the first waits on");
}

/// Asked before every request; and mostly nobody waits.
#[test]
fn where_nobody_waits_no_lock_is_needed_to_see_that() {
    let served = server(Limit::wait(5, LONG));
    let _locked = served.1.shared.waiting_room.clients.lock();
    assert!(served.1.shared.waiting_room.next_end().is_none());
    assert_eq!(called(&served.1, Way::Open), None);
}

#[test]
fn who_comes_now_stays_in_the_backlog_where_the_limit_says_so_or_nobody_would_come_for_it() {
    let (_server, acceptor) = server(Limit::backlog(1));
    assert!(acceptor.holds_up(acceptor.shared.core.gate.policy()));
    let (_server, acceptor) = server(Limit::reject(1));
    assert!(!acceptor.holds_up(acceptor.shared.core.gate.policy()));

    let (server, acceptor) = server(Limit::wait(1, LONG));
    assert!(!acceptor.holds_up(acceptor.shared.core.gate.policy()), "it waits inside");
    let for_one = Acceptor::for_one(&acceptor.shared, server.socket().unwrap());
    assert!(for_one.holds_up(for_one.shared.core.gate.policy()), "which is gone before the time is");
    let room = &acceptor.shared.waiting_room;
    room.length.store(SEATS - 1, SeqCst);
    assert!(!acceptor.holds_up(acceptor.shared.core.gate.policy()), "there is a seat");
    room.length.store(SEATS, SeqCst);
    assert!(acceptor.holds_up(acceptor.shared.core.gate.policy()), "all seats are taken");
    room.length.store(0, SeqCst);
    let _serving = acceptor.shared.core.begin_serving().unwrap();
    acceptor.shared.core.request_stop(None);
    assert!(acceptor.holds_up(acceptor.shared.core.gate.policy()), "the server stops");
}

#[test]
fn the_loop_looks_after_those_who_linger_and_other_acceptors_dont() {
    let (server, acceptor) = server(Limit::none());
    let shared = &acceptor.shared;
    let tended = shared.lingering.open(&shared.core);
    let script = server.socket().unwrap();
    let client = script.come();
    let (request, peer) = crate::Transport::get_request(&*script).unwrap();
    let connection = socketserver_net::StreamRequest::connection(&request);
    let ticket = crate::Ticket::new(&shared.core, || peer.clone().into(), Some(&connection), false);
    drop(connection);
    Ending { request, peer, ticket, shared: shared.clone() }.begin(Wish::Wait);
    client.shutdown(Shutdown::Both).unwrap(); // now it is over
    std::thread::sleep(shared.lingering.next_look().unwrap().saturating_duration_since(Instant::now()));
    assert_eq!(called(&acceptor.clone(), Way::Open), None);
    assert_eq!(server.stats().active, 1);
    assert_eq!(called(&acceptor, Way::Open), None);
    assert_eq!(server.stats().active, 0);
    drop(tended);
}

#[test]
fn a_forked_child_closes_its_copies_of_those_who_wait() {
    let served = server(Limit::wait(1, LONG));
    let script = served.0.socket().unwrap();
    let _client = script.come();
    let (request, peer) = crate::Transport::get_request(&*script).unwrap();
    let fd = request.fileno();
    let room = &served.1.shared.waiting_room;
    served.1.keep_waiting(Job::new(&served.1.shared, request, peer, false), LONG);
    let stays_open = in_child(|child| {
        room.close_in_child::<Script, Notes>(child);
        is_open(fd).into()
    });
    assert_eq!((stays_open, is_open(fd)), (Some(0), true));
}

#[test]
fn its_debug_says_how_many_there_are() {
    assert!(format!("{:?}", WaitingRoom::default()).contains("length: 0"));
}
