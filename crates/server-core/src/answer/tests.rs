//! A list comes as it was told, or not at all.

use super::*;
use proptest::prelude::*;
use std::net::SocketAddr;

fn list() -> Vec<ConnectionInfo> {
    let peers = [
        Address::Inet("127.0.0.1:5000".parse().unwrap()),
        Address::Inet("[fe80::1%3]:80".parse().unwrap()),
        Address::Unix(UnixAddress::Unnamed),
        Address::Unix(UnixAddress::Path(OsStr::from_bytes(b"/tmp/\xff").into())),
        Address::Unix(UnixAddress::Abstract(b"a\0b".to_vec())),
        Address::Unbound,
        Address::Other("a pigeon".into()),
    ];
    let activities = [Activity::InRequest, Activity::Idle, Activity::Handshaking];
    let info = |(n, peer): (usize, Address)| ConnectionInfo {
        id: 1 << 40 | n as u64,
        peer,
        age: Duration::from_nanos(1_234_567_890_123 + n as u64),
        traffic: Traffic { bytes_in: 7, bytes_out: n as u64 },
        activity: activities[n % 3],
        pid: (n % 2 == 0).then_some(4711),
    };
    peers.into_iter().enumerate().map(info).collect()
}

#[test]
fn a_list_is_read_as_it_was_written() {
    assert_eq!(read(&write(&list())), Some(list()));
    assert_eq!(read(&write(&[])), Some(Vec::new()));
}

#[test]
fn what_is_cut_off_or_nonsense_is_no_list() {
    let whole = write(&list());
    assert!((0..whole.len()).all(|end| read(&whole[..end]).is_none()));
    assert!(read(&[&whole[..], &whole[..]].concat()).is_none());
    assert!(read(&[NEXT; 57]).is_none());
}

fn peer() -> impl Strategy<Value = Address> {
    prop_oneof![
        any::<SocketAddr>().prop_map(|mut address| {
            if let SocketAddr::V6(it) = &mut address {
                it.set_flowinfo(0); // which no text has
            }
            Address::Inet(address)
        }),
        Just(Address::Unix(UnixAddress::Unnamed)),
        any::<Vec<u8>>().prop_map(|name| Address::Unix(UnixAddress::Path(OsStr::from_bytes(&name).into()))),
        any::<Vec<u8>>().prop_map(|name| Address::Unix(UnixAddress::Abstract(name))),
        Just(Address::Unbound),
        any::<String>().prop_map(|text| Address::Other(text.into())),
    ]
}

prop_compose! {
    fn connection()(
        (id, age, bytes_in, bytes_out) in any::<(u64, u64, u64, u64)>(),
        peer in peer(),
        activity in prop::sample::select(vec![Activity::InRequest, Activity::Idle, Activity::Handshaking]),
        pid in prop::option::of(1..=i32::MAX),
    ) -> ConnectionInfo {
        let age = Duration::from_nanos(age);
        ConnectionInfo { id, peer, age, traffic: Traffic { bytes_in, bytes_out }, activity, pid }
    }
}

proptest! {
    #[test]
    fn any_list_is_read_as_it_was_written(list in prop::collection::vec(connection(), 0..8)) {
        prop_assert_eq!(read(&write(&list)), Some(list));
    }

    #[test]
    fn no_part_of_a_list_is_one(list in prop::collection::vec(connection(), 1..8), at in any::<prop::sample::Index>()) {
        let whole = write(&list);
        prop_assert_eq!(read(&whole[..at.index(whole.len())]), None);
    }

    /// Whatever a length says: there are never more connections than there are bytes for.
    #[test]
    fn nothing_is_believed_that_isnt_there(
        list in prop::collection::vec(connection(), 0..8),
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = write(&list);
        for (at, byte) in wrong {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        prop_assert!(read(&bytes).is_none_or(|list| list.len() * LEAST < bytes.len()));
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..400)) {
        prop_assert!(read(&bytes).is_none_or(|list| list.len() * LEAST < bytes.len()));
    }
}

/// A name that is said to be as long as all memory.
#[test]
fn a_length_that_lies_takes_no_memory() {
    for length in [1, 1 << 20, 1 << 40, u64::MAX] {
        for kind in [INET, UNNAMED, PATH, ABSTRACT, UNBOUND, OTHER] {
            let mut bytes = vec![NEXT];
            bytes.extend([0; 6 * 8]);
            bytes.push(kind);
            bytes.extend(u64::to_ne_bytes(length));
            assert_eq!(read(&bytes), None);
        }
    }
}
