//! How many connections each peer has.

use socketserver_net::Address;
use std::{collections::HashMap, net::IpAddr};

pub(super) struct ByPeer {
    pub(super) max: usize,
    pub(super) counts: HashMap<IpAddr, usize>,
}

impl ByPeer {
    /// Counts one, if it is within the limit.
    pub(super) fn try_enter(&mut self, peer: &Address) -> bool {
        let inside = ip(peer).and_then(|ip| self.counts.get(&ip)).copied().unwrap_or(0);
        let may = inside < self.max || ip(peer).is_none();
        if may {
            self.enter(peer);
        }
        may
    }

    pub(super) fn enter(&mut self, peer: &Address) {
        if let Some(ip) = ip(peer) {
            *self.counts.entry(ip).or_default() += 1;
        }
    }

    pub(super) fn leave(&mut self, peer: &Address) {
        let Some(ip) = ip(peer) else { return };
        if let Some(count) = self.counts.get_mut(&ip) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&ip);
            }
        }
    }
}

/// By what peers are told apart. An IPv4 client is the same on an IPv6 socket.
fn ip(peer: &Address) -> Option<IpAddr> {
    peer.as_inet().map(|address| address.ip().to_canonical())
}
