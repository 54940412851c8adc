//! Any bytes as sealed frames, on both ends: nothing opens, and nothing is kept for what did not arrive.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketserver_auth_fuzz::{Peer, sessions};

fuzz_target!(|data: (u8, u32, &[u8])| {
    let (piece, limit, input) = data;
    let (client, server) = sessions();
    let (mut client, mut server) = (client.max_payload(limit), server.max_payload(limit));
    assert!(client.open(input).is_err());
    assert!(client.open(input).is_err());
    assert!(server.recv(&mut Peer::new(input, piece)).is_err());
});
