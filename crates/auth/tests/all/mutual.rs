use crate::util::{Script, both, cause, key, sessions};
use socketserver_auth::mutual::{self, Client, Server};

#[test]
fn the_same_key_passes_and_gives_both_the_same_session() {
    let (client, server) = sessions();
    assert_eq!(client.export("label").expose(), server.export("label").expose());
    assert_ne!(client.export("label").expose(), client.export("other").expose());
}

#[test]
fn two_sessions_share_nothing() {
    let (one, _) = sessions();
    let (two, _) = sessions();
    assert_ne!(one.export("label").expose(), two.export("label").expose());
}

#[test]
fn another_key_fails_on_both_sides() {
    let (client, server) = both(
        |stream| cause(Client::new(key("guess")).handshake(stream)),
        |stream| cause(Server::new(key("secret")).handshake(stream)),
    );
    assert_eq!((client.as_str(), server.as_str()), ("Rejected", "WrongProof"));
}

#[test]
fn a_key_that_differs_only_by_zeros_is_the_same_to_hmac() {
    // HMAC pads short keys with zeros; known, harmless, and written down here so that nobody is surprised.
    let (client, server) = both(
        |stream| Client::new(key("k\0")).handshake(stream).is_ok(),
        |stream| Server::new(key("k")).handshake(stream).is_ok(),
    );
    assert!(client && server);
}

#[test]
fn another_context_fails_although_the_key_is_right() {
    for (ours, theirs) in [("billing", "mail"), ("billing", ""), ("", "mail")] {
        let (client, server) = both(
            |stream| cause(Client::new(key("k")).context(ours).handshake(stream)),
            |stream| cause(Server::new(key("k")).context(theirs).handshake(stream)),
        );
        assert_eq!((client.as_str(), server.as_str()), ("Rejected", "WrongProof"));
    }
}

#[test]
fn a_truncated_handshake_is_a_plain_failure_at_every_length() {
    for length in 0..64 {
        let mut stream = Script::of(vec![1; length]);
        assert_eq!(cause(Server::new(key("k")).handshake(&mut stream)), "Closed");
    }
    let mut hello = b"SSAUTH\x00\x01".to_vec();
    hello.extend([7; 32]);
    hello.extend([1; 32]);
    for length in 0..hello.len() {
        let mut stream = Script::of(&hello[..length]);
        assert_eq!(cause(Client::new(key("k")).handshake(&mut stream)), "Closed");
    }
}

#[test]
fn a_server_of_another_protocol_or_version_is_told_apart_and_told_nothing() {
    for hello in [&b"SSAUTH\x00\x02"[..], b"HTTP/1.1", b"\0\0\0\x3b#CHA"] {
        let mut stream = Script::of([hello, &[7; 64]].concat());
        assert!(cause(Client::new(key("k")).handshake(&mut stream)).starts_with("Malformed"));
        assert!(stream.sent.is_empty());
    }
}

#[test]
fn no_side_reads_more_than_it_says() {
    let mut stream = Script::of(vec![7; 1000]);
    let _ = Server::new(key("k")).handshake(&mut stream);
    let left = match &stream.steps[0] {
        crate::util::Step::Bytes(left) => left.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(1000 - left, 64);
    assert_eq!(mutual::MAX_READ, 73);
}

#[test]
fn one_server_serves_all_handlers() {
    fn shared<T: Send + Sync>() {}
    shared::<Server>();
    shared::<Client>();
    shared::<mutual::Session>();
    shared::<socketserver_auth::AuthError>();
}
