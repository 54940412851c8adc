//! The limit of connections from one peer, in any order of coming, leaving, being turned away and changing it: never one too many, never one
//! lost.

use super::super::Registry;
use proptest::prelude::*;
use socketserver_net::Address;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::atomic::{
        AtomicU64, AtomicUsize,
        Ordering::{Relaxed, SeqCst},
    },
    thread,
};

const PEERS: u8 = 3;

/// The same peer comes from any port, by IPv4 or as IPv6 shows that.
fn peer(number: u8, port: u16) -> Address {
    let ip = Ipv4Addr::new(192, 0, 2, number);
    let ip: IpAddr = if port.is_multiple_of(2) { ip.into() } else { ip.to_ipv6_mapped().into() };
    Address::Inet(SocketAddr::new(ip, port))
}

#[derive(Debug, Clone)]
enum Act {
    Come(u8, u16),
    /// One of those who are listed, whichever it is.
    Leave(prop::sample::Index),
    /// The same, but for its close.
    GiveUp(prop::sample::Index),
    Limit(Option<usize>),
}

fn limits() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![4 => (0_usize..5).prop_map(Some), 1 => Just(None)]
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..PEERS, any::<u16>()).prop_map(|(number, port)| Act::Come(number, port)),
        4 => any::<prop::sample::Index>().prop_map(Act::Leave),
        2 => any::<prop::sample::Index>().prop_map(Act::GiveUp),
        1 => limits().prop_map(Act::Limit),
    ]
}

/// What a plain list would say: of those who are listed, whose each is, and whether it counts.
#[derive(Default)]
struct Plain {
    limit: Option<usize>,
    listed: Vec<(u64, u8, bool)>,
}

impl Plain {
    fn count(&self, peer: u8) -> usize {
        self.listed.iter().filter(|(_, whose, counts)| *whose == peer && *counts).count()
    }

    fn one(&self, index: &prop::sample::Index) -> Option<usize> {
        (!self.listed.is_empty()).then(|| index.index(self.listed.len()))
    }
}

/// How many the registry counts for each peer; `None` if it doesn't.
fn counted(registry: &Registry) -> Option<HashMap<IpAddr, usize>> {
    registry.0.lock().by_peer.as_ref().map(|it| it.counts.clone())
}

proptest! {
    #[test]
    fn one_after_another_it_does_what_a_plain_list_would(
        first in limits(), acts in prop::collection::vec(acts(), 0..200)
    ) {
        let (registry, mut plain) = (Registry::default(), Plain { limit: first, ..Plain::default() });
        registry.limit_peers(first);
        for (id, act) in (0..).zip(acts) {
            match act {
                Act::Come(number, port) => {
                    let may = plain.limit.is_none_or(|max| plain.count(number) < max);
                    prop_assert_eq!(registry.insert(id, peer(number, port), None), may);
                    plain.listed.push((id, number, may));
                }
                Act::Leave(index) => {
                    if let Some(index) = plain.one(&index) {
                        registry.remove(plain.listed.swap_remove(index).0, || ());
                    }
                }
                Act::GiveUp(index) => {
                    if let Some(index) = plain.one(&index) {
                        registry.leave_peer(plain.listed[index].0);
                        plain.listed[index].2 = false;
                    }
                }
                Act::Limit(limit) => {
                    registry.limit_peers(limit);
                    plain.limit = limit;
                }
            }
            prop_assert_eq!(registry.peer_limit(), plain.limit);
            let expected: HashMap<IpAddr, usize> = (0..PEERS)
                .map(|it| (IpAddr::from([192, 0, 2, it]), plain.count(it)))
                .filter(|(_, count)| *count > 0)
                .collect();
            // Nothing is kept of who has none: that would grow with each peer that ever came.
            prop_assert_eq!(counted(&registry), plain.limit.map(|_| expected));
        }
    }

    #[test]
    fn a_limit_that_isnt_changed_holds_for_several_threads(max in 1_usize..4, threads in 2_usize..5) {
        let registry = Registry::default();
        registry.limit_peers(Some(max));
        crowd(&registry, threads, max, || ());
        let inside = (0..=max as u64).filter(|it| registry.insert(u64::MAX - it, peer(0, 1), None)).count();
        prop_assert_eq!(inside, max, "none is lost");
    }

    #[test]
    fn no_place_is_lost_while_others_change_the_limit(
        limits in prop::collection::vec(1_usize..4, 1..20), between in any::<bool>()
    ) {
        let registry = Registry::default();
        registry.limit_peers(Some(limits[0]));
        let most = if between { usize::MAX } else { limits.iter().copied().max().unwrap_or(0) };
        crowd(&registry, 2, most, || {
            for limit in &limits {
                if between {
                    registry.limit_peers(None); // those inside are counted anew afterwards
                }
                registry.limit_peers(Some(*limit));
            }
        });
        prop_assert_eq!(counted(&registry), Some(HashMap::new()));
        let max = limits[limits.len() - 1];
        let inside = (0..=max as u64).filter(|it| registry.insert(u64::MAX - it, peer(0, 1), None)).count();
        prop_assert_eq!(inside, max);
    }
}

/// Threads that come and go, each for both of two peers, of whom there mustn't be more than `most` at once. Meanwhile something else is done.
fn crowd(registry: &Registry, threads: usize, most: usize, meanwhile: impl FnOnce()) {
    let (ids, inside) = (AtomicU64::new(0), [AtomicUsize::new(0), AtomicUsize::new(0)]);
    let come_and_go = || {
        for turn in 0..200_u16 {
            let (id, whose) = (ids.fetch_add(1, Relaxed), usize::from(turn % 2));
            if registry.insert(id, peer(whose as u8, turn), None) {
                assert!(inside[whose].fetch_add(1, SeqCst) < most, "one too many");
                inside[whose].fetch_sub(1, SeqCst);
                if turn.is_multiple_of(3) {
                    registry.leave_peer(id);
                }
            }
            registry.remove(id, || ());
        }
    };
    thread::scope(|scope| {
        (0..threads).for_each(|_| drop(scope.spawn(come_and_go)));
        meanwhile();
    });
}
