//! The tutorials' handshake, both sides, with every digest.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketserver_auth::Digest;
use socketserver_auth::oneway::{self, Client, Server};
use socketserver_auth_fuzz::{Peer, key};

fuzz_target!(|data: (u8, u8, &[u8])| {
    let (piece, digest, input) = data;
    let names = ["sha256", "sha384", "sha3_256", "sha3_384", "md5"];
    let digest = Digest::from_name(names[usize::from(digest) % names.len()]).unwrap_or_default();

    let mut peer = Peer::new(input, piece);
    assert!(Server::new(key()).digest(digest).handshake(&mut peer).is_err());
    assert!(peer.read <= oneway::MAX_READ);

    let mut peer = Peer::new(input, piece);
    let answered = Client::new(key()).digest(digest).handshake(&mut peer).is_ok();
    assert_eq!(answered, input.len() >= oneway::CHALLENGE);
    assert_eq!(peer.written, if answered { digest.size() } else { 0 });
});
