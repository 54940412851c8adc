//! CPython's handshake, listening, against any client, with and without MD5.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketserver_auth::multiprocessing::{Listener, MAX_READ};
use socketserver_auth_fuzz::{Peer, key};

fuzz_target!(|data: (u8, bool, &[u8])| {
    let (piece, legacy, input) = data;
    let mut peer = Peer::new(input, piece);
    assert!(Listener::new(key()).allow_legacy_md5(legacy).handshake(&mut peer).is_err());
    assert!(peer.read <= MAX_READ);
    assert!(peer.written <= MAX_READ);
});
