use crate::util::{Script, both, cause, key};
use socketserver_auth::multiprocessing::{Client, Listener};
use socketserver_auth::{Digest, Key};

/// All that are compiled in.
pub(crate) fn digests() -> Vec<Digest> {
    ["sha256", "sha384", "sha3_256", "sha3_384", "md5"]
        .iter()
        .filter_map(|name| Digest::from_name(name))
        .collect()
}

/// A message with its header.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes(), message].concat()
}

/// What a client answers to a challenge, if anything; without the header.
pub(crate) fn answer_to(client: &Client, challenge: &[u8]) -> Vec<u8> {
    let mut stream = Script::of(framed(&[b"#CHALLENGE#", challenge].concat()));
    client.handshake(&mut stream).unwrap_err();
    stream.sent.split_off(4.min(stream.sent.len()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_same_key_passes_with_every_digest_that_is_allowed() {
    for digest in digests() {
        let (client, listener) = both(
            |stream| Client::new(key("k")).digest(digest).handshake(stream),
            |stream| Listener::new(key("k")).digest(digest).handshake(stream),
        );
        assert!(client.is_ok() && listener.is_ok(), "{digest}");
    }
}

#[test]
fn each_side_may_ask_for_its_own_digest() {
    let (client, listener) = both(
        |stream| Client::new(key("k")).digest(Digest::Sha384).handshake(stream),
        |stream| Listener::new(key("k")).handshake(stream),
    );
    assert!(client.is_ok() && listener.is_ok());
}

#[test]
fn another_key_fails_on_both_sides() {
    let (client, listener) = both(
        |stream| cause(Client::new(key("guess")).handshake(stream)),
        |stream| cause(Listener::new(key("k")).handshake(stream)),
    );
    assert_eq!((client.as_str(), listener.as_str()), ("Rejected", "WrongProof"));
}

#[test]
fn a_challenge_looks_like_pythons() {
    let mut stream = Script::of([]);
    Listener::new(key("k")).handshake(&mut stream).unwrap_err();
    assert!(stream.sent.starts_with(b"\0\0\0\x3b#CHALLENGE#{sha256}"));
    assert_eq!(stream.sent.len(), 4 + 11 + 8 + 40 + 4 + 9);
    assert!(stream.sent.ends_with(b"\0\0\0\x09#FAILURE#"), "the same word for every failure");
}

#[test]
fn answers_are_pythons() {
    // _create_response(b"secret", b"{sha256}" + bytes(range(40))), and so on, by CPython 3.13.
    let client = Client::new(Key::new("secret").unwrap());
    let random: Vec<u8> = (0..40).collect();
    for (name, expected) in [
        ("sha256", "fc57fbe650d6124b98215e7b5d197d5807ad69982d275a9735ea2d56f1fa6989"),
        (
            "sha384",
            "bae78a3376369f7b803a8473318a9b7062495b47434159ac84fc92ddb33c51b277c44c3edd9a5f9cb7d628f21abe2665",
        ),
        ("sha3_256", "82e8fa62f363295b6655abecf0e98e510224c559e9745af9741c357aec358f90"),
        (
            "sha3_384",
            "bfbe71d4e622f58ebf6cbe049af4c8fe518645b482915af0940d678c37c0b46dd1a2a448f9ee5141c91bba42b46a7862",
        ),
    ] {
        if Digest::from_name(name).is_none() {
            continue;
        }
        let prefix = format!("{{{name}}}");
        let answer = answer_to(&client, &[prefix.as_bytes(), &random].concat());
        assert_eq!(answer.strip_prefix(prefix.as_bytes()).map(hex).as_deref(), Some(expected));
    }
}

#[test]
fn a_long_header_is_understood() {
    let message = [b"#CHALLENGE#{sha256}", &[7; 40][..]].concat();
    let mut long = vec![0xff; 4];
    long.extend((message.len() as u64).to_be_bytes());
    long.extend(&message);
    let mut stream = Script::of(long);
    assert_eq!(cause(Client::new(key("k")).handshake(&mut stream)), "Closed");
    assert!(stream.sent.starts_with(b"\0\0\0\x28{sha256}"));
}

#[cfg(feature = "legacy-md5")]
mod legacy {
    use super::*;

    #[test]
    fn a_bare_challenge_gets_a_bare_answer() {
        // hmac.new(b"secret", bytes(range(20)), "md5").digest()
        let challenge: Vec<u8> = (0..20).collect();
        let client = Client::new(Key::new("secret").unwrap()).allow_legacy_md5(true);
        assert_eq!(hex(&answer_to(&client, &challenge)), "7defa9cc46abc3583325d17ccda75190");
    }

    #[test]
    fn naming_md5_allows_it_but_nothing_else_does() {
        for allowed in
            [Client::new(key("k")).digest(Digest::Md5), Client::new(key("k")).allow_legacy_md5(true)]
        {
            assert_eq!(answer_to(&allowed, &[7; 20]).len(), 16);
            assert_eq!(answer_to(&allowed, &[b"{md5}", &[7; 40][..]].concat()).len(), 5 + 16);
        }
        let strict = Client::new(key("k"));
        assert_eq!(answer_to(&strict, &[7; 20]), b"");
        assert_eq!(answer_to(&strict, &[b"{md5}", &[7; 40][..]].concat()), b"");
    }
}
