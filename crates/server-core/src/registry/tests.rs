//! What is listed, how it is ended, and how many of one peer there may be.

mod peers;
mod peers_at_random;

use super::{Registry, ServedBy};
use crate::nursery::Nursery;
use parking_lot::Mutex;
use socketserver_net::{Activity, Address, Connection, Socket, StreamRequest, Traffic, UnixStream, Wire};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr},
    os::unix::net,
    sync::Arc,
};

fn peer(last: u8) -> Address {
    SocketAddr::from(([127, 0, 0, last], 9)).into()
}

fn pair() -> (Connection, net::UnixStream) {
    let (here, there) = net::UnixStream::pair().unwrap();
    there.set_nonblocking(true).unwrap();
    (StreamRequest::connection(&UnixStream::from(here)), there)
}

/// A connection that is listed by that number, and its client.
fn listed(registry: &Registry, id: u64) -> (Connection, net::UnixStream) {
    let (connection, client) = pair();
    assert!(registry.insert(id, peer(1), Some(&connection)));
    (connection, client)
}

fn is_shut(client: &net::UnixStream) -> bool {
    let mut client = client;
    client.read(&mut [0]).is_ok_and(|n| n == 0)
}

type Calls = Arc<Mutex<Vec<&'static str>>>;

fn call(calls: &Calls, what: &'static str) -> Box<dyn Fn() + Send> {
    let calls = calls.clone();
    Box::new(move || calls.lock().push(what))
}

fn child(pid: i32, calls: &Calls) -> ServedBy {
    ServedBy { pid, seat: None, kill: call(calls, "killed"), tell: call(calls, "told") }
}

#[test]
fn what_is_listed_is_told_in_its_order_with_what_it_does() {
    let registry = Registry::default();
    let (second, _client) = listed(&registry, 2);
    let (_first, mut talks) = listed(&registry, 1);
    second.set_activity(Activity::Idle);
    second.sendall(b"four").unwrap();
    talks.write_all(b"!").unwrap();
    registry.insert(3, Address::Unbound, None);
    let list = registry.list();
    let told: Vec<_> = list.iter().map(|it| (it.id, it.activity, it.traffic.bytes_out, it.pid)).collect();
    let expected =
        [(1, Activity::InRequest, 0, None), (2, Activity::Idle, 4, None), (3, Activity::InRequest, 0, None)];
    assert_eq!(told, expected);
    assert_eq!((&list[0].peer, &list[2].peer), (&peer(1), &Address::Unbound));
    assert_eq!((registry.peer(1), registry.peer(3)), (Some(peer(1)), Some(Address::Unbound)));
    registry.remove(2, || ());
    assert_eq!(registry.peer(2), None);
    assert_eq!(registry.list().iter().map(|it| it.id).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn what_passes_on_open_connections_is_counted_as_of_the_same_moment_as_the_rest() {
    let registry = Registry::default();
    for id in 0..2 {
        let (connection, mut client) = listed(&registry, id);
        connection.sendall(b"seven..").unwrap();
        client.write_all(b"two").unwrap();
        connection.recv(&mut [0; 8]).unwrap();
        std::mem::forget((connection, client));
    }
    assert_eq!(registry.with_traffic(|| "read"), ("read", Traffic { bytes_in: 6, bytes_out: 14 }));
    let mut counted = false;
    assert!(!registry.remove(0, || counted = true) && counted);
    assert_eq!(registry.with_traffic(|| ()).1, Traffic { bytes_in: 3, bytes_out: 7 });
}

#[test]
fn one_that_is_closed_is_shut_down_once_and_known_to_have_been() {
    let registry = Registry::default();
    let ((_first, client), (_second, other)) = (listed(&registry, 1), listed(&registry, 2));
    let mut told = 0;
    assert!(!registry.is_ended(1));
    assert!(registry.close(1, || told += 1));
    assert!(is_shut(&client) && !is_shut(&other));
    assert!(registry.is_ended(1) && !registry.is_ended(2) && !registry.is_ended(9));
    assert!(!registry.close(1, || told += 1), "it has been");
    assert!(!registry.close(9, || told += 1), "there is none");
    assert_eq!(told, 1);
    assert!(registry.remove(1, || ()) && !registry.remove(2, || ()) && !registry.remove(9, || ()));
}

#[test]
fn all_are_closed_and_those_that_had_been_before_arent_counted_again() {
    let registry = Registry::default();
    let connections: Vec<_> = (0..3).map(|id| listed(&registry, id)).collect();
    assert!(registry.close(1, || ()));
    let mut told = Vec::new();
    registry.close_all(|count| told.push(count));
    registry.close_all(|count| told.push(count));
    assert_eq!(told, [2, 0]);
    assert!(connections.iter().all(|(_, client)| is_shut(client)));
    assert!((0..3).all(|id| registry.is_ended(id)));
}

#[test]
fn who_waits_for_room_isnt_ended_with_those_inside() {
    let registry = Registry::default();
    let connections: Vec<_> = (0..2).map(|id| listed(&registry, id)).collect();
    registry.set_waits(1, true);
    registry.set_waits(9, true); // there is none
    let mut told = Vec::new();
    registry.close_all(|count| told.push(count));
    assert!(is_shut(&connections[0].1) && !is_shut(&connections[1].1));
    assert!(registry.is_ended(0) && !registry.is_ended(1));
    registry.set_waits(1, false);
    registry.close_all(|count| told.push(count));
    assert_eq!(told, [1, 1]);
    assert!(is_shut(&connections[1].1));
}

#[test]
fn it_is_ended_as_its_mix_in_said_instead() {
    let (registry, calls) = (Registry::default(), Calls::default());
    let (_connection, client) = listed(&registry, 1);
    registry.set_closer(1, call(&calls, "ended"));
    registry.set_closer(9, call(&calls, "nobody"));
    assert!(registry.close(1, || ()));
    registry.close_all(|_| ());
    assert_eq!(*calls.lock(), ["ended"]);
    assert!(!is_shut(&client));
    assert_eq!(registry.with_traffic(|| ()).1, Traffic::default(), "a child's, which counts itself");
}

#[test]
fn one_that_a_child_serves_is_told_of_the_stop_and_killed_at_its_end() {
    let (registry, calls) = (Registry::default(), Calls::default());
    let (_connection, client) = listed(&registry, 1);
    registry.hand_over(1, child(4711, &calls), || false);
    assert_eq!(registry.list()[0].pid, Some(4711));
    assert_eq!(calls.lock().len(), 0, "the server serves");
    registry.close_idle();
    assert_eq!(*calls.lock(), ["told"]);
    registry.close_all(|_| ());
    assert_eq!(*calls.lock(), ["told", "killed"]);
    assert!(!is_shut(&client));
}

#[test]
fn what_a_child_tells_is_what_is_listed_and_counted() {
    let (registry, calls) = (Registry::default(), Calls::default());
    let _connection = listed(&registry, 1);
    let nursery = Arc::new(Nursery::new(false, 0).unwrap());
    let seat = Arc::new(nursery.seat().unwrap());
    registry.hand_over(1, ServedBy { seat: Some(seat.clone()), ..child(4711, &calls) }, || false);
    let passed = Traffic { bytes_in: 3, bytes_out: 5 };
    seat.shown.set_traffic(passed);
    assert_eq!((registry.list()[0].traffic, registry.with_traffic(|| ()).1), (passed, passed));
    let socket = pair().0;
    socket.socket().unwrap().show_in(seat.shown.clone());
    socket.set_activity(Activity::Idle);
    assert_eq!(registry.list()[0].activity, Activity::Idle);
}

#[test]
fn a_child_that_comes_into_being_while_the_server_stops_is_told_at_once() {
    let (registry, calls) = (Registry::default(), Calls::default());
    let _connection = listed(&registry, 1);
    registry.hand_over(1, child(4711, &calls), || true);
    registry.hand_over(9, child(4712, &calls), || true);
    assert_eq!(*calls.lock(), ["told"]);
}

#[test]
fn only_threads_that_wait_for_a_next_request_are_waited_for_no_more() {
    use socketserver_net::Next;
    let registry = Registry::default();
    let ((idle, _client), (busy, other)) = (listed(&registry, 1), listed(&registry, 2));
    let next = idle.wait_for_next(
        || false,
        || {
            registry.close_idle();
            Ok::<_, std::io::Error>(idle.recv(&mut [0])? > 0)
        },
    );
    assert_eq!(next.unwrap(), Next::IsNotWanted);
    busy.sendall(b"!").unwrap();
    assert!(!is_shut(&other) && !registry.is_ended(2));
}

#[test]
fn a_worker_process_begins_with_none_and_leaves_its_parents_alone() {
    let (registry, calls) = (Registry::default(), Calls::default());
    let (_connection, client) = listed(&registry, 1);
    registry.set_closer(1, call(&calls, "ended"));
    registry.hold().leave_to_parent();
    assert!(registry.list().is_empty());
    registry.close_all(|count| assert_eq!(count, 0));
    assert!(calls.lock().is_empty() && !is_shut(&client));
}

#[test]
fn its_debug_tells_its_name_without_a_lock() {
    let registry = Registry::default();
    let _held = registry.hold();
    assert!(format!("{registry:?}").starts_with("Registry"));
}

/// A wire of the user's that panics whatever it is asked.
struct Spoilt;

impl Wire for Spoilt {
    fn recv(&self, _: &mut [u8]) -> io::Result<usize> {
        panic!("it is spoilt")
    }
    fn send(&self, _: &[u8]) -> io::Result<usize> {
        panic!("it is spoilt")
    }
    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        panic!("it is spoilt")
    }
    fn socket(&self) -> Option<&Socket> {
        panic!("it is spoilt")
    }
}

#[test]
fn a_wire_that_panics_is_listed_and_counted_and_keeps_no_other_from_being_ended() {
    let registry = Registry::default();
    let spoilt = Connection::new(Arc::new(Spoilt));
    (1..5).for_each(|id| assert!(registry.insert(id, peer(1), Some(&spoilt))));
    let (sound, mut client) = listed(&registry, 5);
    sound.sendall(b"four").unwrap();
    client.read_exact(&mut [0; 4]).unwrap();
    assert_eq!(registry.list().len(), 5);
    assert_eq!(registry.with_traffic(|| ()).1, Traffic { bytes_in: 0, bytes_out: 4 });
    assert!(registry.has_newcomers());
    registry.close_idle();
    assert!(registry.close(1, || ()));
    registry.close_all(|others| assert_eq!(others, 4));
    assert!(is_shut(&client));
    assert!((1..6).all(|id| registry.remove(id, || ())), "all have been ended");
}
