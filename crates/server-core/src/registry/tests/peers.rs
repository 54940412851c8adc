//! The limit of connections from one peer.

use super::super::Registry;
use socketserver_net::{Address, UnixAddress};

fn limited(max: usize) -> Registry {
    let registry = Registry::default();
    registry.limit_peers(Some(max));
    registry
}

fn address(text: &str) -> Address {
    Address::Inet(text.parse().unwrap())
}

/// Whether each of those who come is within the limit.
fn come(registry: &Registry, ids: std::ops::Range<u64>, peer: &str) -> Vec<bool> {
    ids.map(|id| registry.insert(id, address(peer), None)).collect()
}

#[test]
fn each_address_has_so_many_whatever_their_ports() {
    let registry = limited(2);
    assert_eq!(registry.peer_limit(), Some(2));
    assert_eq!(come(&registry, 0..3, "127.0.0.1:1"), [true, true, false]);
    assert_eq!(come(&registry, 3..4, "127.0.0.1:2"), [false]);
    assert_eq!(come(&registry, 4..5, "127.0.0.2:1"), [true]);
}

#[test]
fn one_who_leaves_makes_room_for_one() {
    let registry = limited(2);
    assert_eq!(come(&registry, 0..2, "127.0.0.1:1"), [true, true]);
    registry.remove(0, || ());
    assert_eq!(come(&registry, 2..4, "127.0.0.1:1"), [true, false]);
    (1..4).for_each(|id| _ = registry.remove(id, || ()));
    registry.remove(9, || ()); // never came
    assert_eq!(come(&registry, 4..7, "127.0.0.1:1"), [true, true, false]);
}

#[test]
fn an_ipv4_client_is_the_same_on_an_ipv6_socket() {
    let registry = limited(1);
    assert_eq!(come(&registry, 0..1, "127.0.0.1:1"), [true]);
    assert_eq!(come(&registry, 1..2, "[::ffff:127.0.0.1]:1"), [false]);
    assert_eq!(come(&registry, 2..3, "[::1]:1"), [true]);
}

#[test]
fn peers_without_an_ip_address_arent_limited() {
    let registry = limited(0);
    for id in 0..3 {
        assert!(registry.insert(id, Address::Unix(UnixAddress::Unnamed), None));
        assert!(!registry.remove(id, || ()));
    }
}

#[test]
fn a_limit_that_comes_later_counts_those_who_are_inside_and_throws_nobody_out() {
    let registry = Registry::default();
    assert_eq!(registry.peer_limit(), None);
    assert_eq!(come(&registry, 0..3, "127.0.0.1:1"), [true; 3]);
    registry.limit_peers(Some(3));
    assert_eq!(come(&registry, 3..4, "127.0.0.1:1"), [false]);
    (0..3).for_each(|id| _ = registry.remove(id, || ()));
    assert_eq!(come(&registry, 4..6, "127.0.0.1:1"), [true, true]);
}

#[test]
fn it_can_be_changed_and_taken_away() {
    let registry = limited(1);
    assert_eq!(come(&registry, 0..2, "127.0.0.1:1"), [true, false]);
    registry.limit_peers(Some(3));
    assert_eq!(come(&registry, 2..5, "127.0.0.1:1"), [true, true, false], "who was inside counts");
    registry.limit_peers(None);
    assert_eq!(registry.peer_limit(), None);
    assert_eq!(come(&registry, 5..7, "127.0.0.1:1"), [true, true]);
}

/// Telling one takes its time, and others come meanwhile.
#[test]
fn those_who_are_being_turned_away_take_no_place_from_the_next() {
    let registry = limited(1);
    assert_eq!(come(&registry, 0..3, "127.0.0.1:1"), [true, false, false]);
    registry.remove(0, || ());
    assert_eq!(come(&registry, 3..5, "127.0.0.1:1"), [true, false]);
    (1..5).for_each(|id| _ = registry.remove(id, || ()));
    assert_eq!(come(&registry, 5..7, "127.0.0.1:1"), [true, false]);
}

#[test]
fn a_worker_process_begins_with_nobody_inside_and_the_same_limit() {
    let registry = limited(1);
    assert_eq!(come(&registry, 0..1, "127.0.0.1:1"), [true]);
    registry.hold().leave_to_parent();
    assert_eq!(come(&registry, 1..3, "127.0.0.1:1"), [true, false]);
}

#[test]
fn who_is_on_the_way_out_counts_no_more_and_leaves_once() {
    let registry = limited(2);
    assert_eq!(come(&registry, 0..3, "127.0.0.1:1"), [true, true, false]);
    registry.leave_peer(0);
    registry.leave_peer(0);
    registry.leave_peer(2);
    assert_eq!(come(&registry, 3..5, "127.0.0.1:1"), [true, false]);
    [0, 2, 4].iter().for_each(|id| _ = registry.remove(*id, || ()));
    assert_eq!(come(&registry, 5..6, "127.0.0.1:1"), [false], "two are inside");
    registry.leave_peer(1);
    registry.limit_peers(None);
    registry.limit_peers(Some(3));
    assert_eq!(come(&registry, 6..9, "127.0.0.1:1"), [true, true, false], "counted anew: 3, and who comes");
}
