//! The mutual handshake's server against any client: never accepted, never read beyond the budget.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketserver_auth::mutual;
use socketserver_auth_fuzz::{Peer, key};

fuzz_target!(|data: (u8, &[u8])| {
    let mut peer = Peer::new(data.1, data.0);
    let server = mutual::Server::new(key());
    assert!(server.handshake(&mut peer).is_err());
    assert!(peer.read <= mutual::MAX_READ);
});
