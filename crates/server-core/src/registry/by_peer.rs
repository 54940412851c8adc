//! How many connections each peer has.

use socketserver_net::Address;
use std::{collections::HashMap, net::IpAddr};

pub(super) struct ByPeer {
    pub(super) max: usize,
    pub(super) counts: HashMap<IpAddr, usize>,
}

impl ByPeer {
    /// Counts one, and says whether it is within the limit.
    pub(super) fn enter(&mut self, peer: &Address) -> bool {
        let Some(ip) = ip(peer) else { return true };
        let count = self.counts.entry(ip).or_default();
        *count += 1;
        *count <= self.max
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
