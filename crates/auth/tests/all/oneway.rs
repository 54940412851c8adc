use crate::util::{Script, both, cause, key, take};
use socketserver_auth::oneway::{Client, Server};
use socketserver_auth::{Digest, Key};
use std::io::Write;

fn digests() -> Vec<Digest> {
    ["sha256", "sha384", "sha3_256", "sha3_384", "md5"]
        .iter()
        .filter_map(|name| Digest::from_name(name))
        .collect()
}

#[test]
fn the_same_key_and_digest_pass() {
    for digest in digests() {
        let (client, server) = both(
            |stream| Client::new(key("k")).digest(digest).handshake(stream),
            |stream| Server::new(key("k")).digest(digest).handshake(stream),
        );
        assert!(client.is_ok() && server.is_ok(), "{digest}");
    }
}

#[test]
fn another_key_or_another_digest_fails() {
    let (_, server) = both(
        |stream| Client::new(key("guess")).handshake(stream),
        |stream| cause(Server::new(key("k")).handshake(stream)),
    );
    assert_eq!(server, "WrongProof");
    let (_, server) = both(
        |stream| Client::new(key("k")).digest(Digest::Sha384).handshake(stream),
        |stream| cause(Server::new(key("k")).handshake(stream)),
    );
    assert_eq!(server, "WrongProof");
}

#[test]
fn a_truncated_answer_or_challenge_fails_at_every_length() {
    for length in 0..32 {
        assert_eq!(cause(Server::new(key("k")).handshake(&mut Script::of(vec![0; length]))), "Closed");
        assert_eq!(cause(Client::new(key("k")).handshake(&mut Script::of(vec![0; length]))), "Closed");
    }
}

#[test]
fn a_replayed_answer_fails() {
    let server = Server::new(key("k"));
    let answer = std::sync::Mutex::new(Vec::new());
    let genuine = |stream: &mut std::net::TcpStream| {
        let mut client = Script::of(take(stream, 32));
        Client::new(key("k")).handshake(&mut client).unwrap();
        stream.write_all(&client.sent).unwrap();
        *answer.lock().unwrap() = client.sent;
    };
    assert!(both(genuine, |stream| server.handshake(stream)).1.is_ok());

    let replayed = |stream: &mut std::net::TcpStream| {
        take(stream, 32);
        stream.write_all(&answer.lock().unwrap()).unwrap();
    };
    assert_eq!(both(replayed, |stream| cause(server.handshake(stream))).1, "WrongProof");
}

#[test]
fn a_reflected_challenge_is_no_answer() {
    let reflect = |stream: &mut std::net::TcpStream| {
        let challenge = take(stream, 32);
        stream.write_all(&challenge).unwrap();
    };
    let (_, server) = both(reflect, |stream| cause(Server::new(key("k")).handshake(stream)));
    assert_eq!(server, "WrongProof");
}

#[test]
fn the_answer_is_pythons() {
    // hmac.new(b"secret", bytes(range(32)), "sha256").digest()
    let challenge: Vec<u8> = (0..32).collect();
    let mut stream = Script::of(challenge);
    Client::new(Key::new("secret").unwrap()).handshake(&mut stream).unwrap();
    let hex: String = stream.sent.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "47860bcbb991426bea828dbf6097dff33339b093e3b9f61d9aef8a052f93e402");
}
