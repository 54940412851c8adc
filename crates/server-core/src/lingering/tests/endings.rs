//! From the end of a request to the close of its connection: at once, when the client has finished, or when it is cut off.

use super::super::{Ending, Lingers, Wish, ending::Parked, tail::Tail};
use crate::{
    Acceptor, Linger, Ticket,
    lingering::End,
    scripted::{Notes, Script, Scripted, goes_on, in_child, is_open, serve},
};
use socketserver_net::{Request, UnixAddress};
use std::{
    io::Write,
    net::Shutdown,
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

type Served = (Scripted, Acceptor<Script, Notes>);

fn server(linger: Linger) -> Served {
    serve(Script::new(), |builder| builder.linger(linger))
}

/// One that is never over by itself, while a test runs.
fn patient() -> Served {
    server(Linger::up_to(Duration::from_secs(3600)))
}

/// A request that is over, and its client.
fn ending((server, acceptor): &Served, holds_a_place: bool) -> (Ending<Script, Notes>, UnixStream) {
    let client = server.socket().unwrap().come();
    let (request, peer): (_, UnixAddress) =
        crate::Transport::get_request(&*server.socket().unwrap()).unwrap();
    let shared = acceptor.shared.clone();
    if holds_a_place {
        assert!(shared.core.gate.try_enter());
    }
    let ticket =
        Ticket::new(&shared.core, || peer.clone().into(), request.connection().as_ref(), holds_a_place);
    (Ending { request, peer, ticket, shared }, client)
}

fn closed(served: &Served) -> usize {
    let closed = *served.0.state().closed.lock();
    assert_eq!(served.0.stats().active, served.0.stats().accepted as usize - closed);
    closed
}

#[test]
fn what_isnt_waited_for_is_closed_at_once_by_the_hook_and_is_over() {
    let served = patient();
    let _tended = served.1.shared.lingering.open(&served.1.shared.core);
    let (ending, mut client) = ending(&served, true);
    client.write_all(b"more").unwrap();
    ending.begin(Wish::No);
    assert_eq!((closed(&served), served.0.stats().cut_off), (1, 0));
}

#[test]
fn where_there_is_only_to_be_looked_it_depends_on_what_is_there() {
    let served = patient();
    let lingering = &served.1.shared.lingering;
    let tended = lingering.open(&served.1.shared.core);
    let (nothing, _client) = ending(&served, true);
    nothing.begin(Wish::Look);
    assert_eq!(closed(&served), 1, "nothing is there");
    let (more, mut sending) = ending(&served, true);
    sending.write_all(b"more").unwrap();
    more.begin(Wish::Look);
    let (unknown, waiting) = ending(&served, true);
    unknown.begin(Wish::Wait);
    let (both, mut also) = ending(&served, true);
    also.write_all(b"more").unwrap();
    both.begin(Wish::Wait);
    assert_eq!(closed(&served), 1, "three linger");
    drop((sending, waiting, also));
    drop(tended); // waits for them
    assert_eq!((closed(&served), served.0.stats().cut_off), (4, 0));
}

#[test]
fn one_whose_client_has_finished_is_closed_at_once() {
    let served = patient();
    let _tended = served.1.shared.lingering.open(&served.1.shared.core);
    let (ending, client) = ending(&served, true);
    client.shutdown(Shutdown::Both).unwrap();
    ending.begin(Wish::Wait);
    assert_eq!(closed(&served), 1);
}

#[test]
fn one_that_has_sent_too_much_is_cut_off_and_counted() {
    let served = server(Linger::default().bytes(3));
    let (ending, mut client) = ending(&served, true);
    client.write_all(b"more").unwrap();
    ending.begin(Wish::Look);
    assert_eq!((closed(&served), served.0.stats().cut_off), (1, 1));
}

#[test]
fn without_a_loop_who_has_served_the_request_waits_until_it_is_over() {
    let served = patient();
    let (ending, client) = ending(&served, true);
    thread::scope(|scope| {
        let wait = scope.spawn(|| ending.begin(Wish::Wait));
        assert!(goes_on(&wait));
        assert_eq!(closed(&served), 0);
        drop(client);
    });
    assert_eq!(closed(&served), 1);
}

#[test]
fn one_that_lingers_is_looked_at_when_its_time_has_come_and_not_before() {
    let served = patient();
    let (ending, mut client) = ending(&served, true);
    let tail = Tail::new(ending.request.connection().unwrap(), &ending.shared.core.linger);
    let mut parked = Parked { ending, tail };
    let first = parked.next_look();
    assert_eq!(parked.look(first), None);
    client.write_all(b"more").unwrap();
    let next = parked.next_look();
    assert_eq!((parked.look(next - Duration::from_millis(1)), parked.tail.discarded()), (None, 0));
    assert_eq!((parked.look(next), parked.tail.discarded()), (None, 4));
    client.shutdown(Shutdown::Both).unwrap();
    assert_eq!(parked.look(Instant::now() + Duration::from_secs(1)), Some(End::Over));
    Lingers::close(Box::new(parked), End::Over);
    assert_eq!(closed(&served), 1);
}

#[test]
fn it_counts_for_the_limit_as_it_did_before() {
    let served = patient();
    for holds_a_place in [true, false] {
        let (ending, _client) = ending(&served, holds_a_place);
        let tail = Tail::new(ending.request.connection().unwrap(), &ending.shared.core.linger);
        assert_eq!(Parked { ending, tail }.holds_a_place(), holds_a_place);
    }
}

#[test]
fn who_was_turned_away_leaves_its_place_to_others_while_it_lingers() {
    let served = patient();
    let shared = &served.1.shared;
    let core = &shared.core;
    core.limit_peers(Some(5));
    let tended = shared.lingering.open(core);
    let ((mut refused, _his), (kept, _hers)) = (ending(&served, true), ending(&served, true));
    refused.ticket.refuse(crate::Refusal::VerifyRequest);
    assert_eq!(core.gate.inside(), 2);
    refused.begin(Wish::Wait);
    assert_eq!((core.gate.inside(), served.0.stats().active), (1, 2));
    kept.begin(Wish::Wait);
    assert_eq!((core.gate.inside(), served.0.stats().active), (1, 2), "who was served has it to the end");
    core.request_stop(Some(Instant::now()));
    drop(tended);
    assert_eq!((core.gate.inside(), closed(&served)), (0, 2));
    assert_eq!(served.0.stats().peak, 2);
}

#[test]
fn a_thread_that_waits_itself_for_one_who_was_turned_away_keeps_the_place() {
    let served = server(Linger::up_to(Duration::from_millis(1)));
    let (mut refused, _client) = ending(&served, true);
    refused.ticket.refuse(crate::Refusal::VerifyRequest);
    refused.begin(Wish::Wait);
    assert_eq!((served.1.shared.core.gate.inside(), closed(&served)), (0, 1), "it was given back once");
}

#[test]
fn a_forked_child_closes_its_copy_of_one_that_lingers() {
    let served = patient();
    let lingering = &served.1.shared.lingering;
    let tended = lingering.open(&served.1.shared.core);
    let (lingers, client) = ending(&served, true);
    let fd = lingers.request.fileno();
    lingers.begin(Wish::Wait);
    let stays_open = in_child(|child| {
        lingering.close_in_child(child);
        is_open(fd).into()
    });
    assert_eq!((stays_open, is_open(fd)), (Some(0), true));
    drop(client);
    drop(tended);
}
