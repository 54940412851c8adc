use crate::multiprocessing::{answer_to, framed};
use crate::util::{Script, Step, both, cause, key, pair, take};
use socketserver_auth::multiprocessing::{Client, Listener, MAX_READ};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

fn receive(stream: &mut impl Read) -> Vec<u8> {
    let length = u32::from_be_bytes(take(stream, 4).try_into().unwrap());
    take(stream, length as usize)
}

fn send(stream: &mut impl Write, message: &[u8]) {
    stream.write_all(&framed(message)).unwrap();
}

fn listen(stream: &mut TcpStream) -> String {
    cause(Listener::new(key("k")).handshake(stream))
}

/// The listener's failure, and the word it had for an answer.
fn answered(answer: &[u8]) -> (String, Vec<u8>) {
    let (verdict, failure) = both(
        |stream| {
            receive(stream);
            stream.write_all(answer).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            receive(stream)
        },
        listen,
    );
    (failure, verdict)
}

#[test]
fn every_bad_answer_gets_the_same_word() {
    let malformed = r#"Malformed("no digest named where one must be")"#;
    for (answer, expected) in [
        (framed(&[b"{sha256}", &[0; 32][..]].concat()), "WrongProof"),
        (framed(&[b"{sha256}", &[0; 31][..]].concat()), "WrongProof"),
        (framed(b"{sha256}"), "WrongProof"),
        (framed(&[b"{sha1}", &[0; 20][..]].concat()), "UnsupportedDigest"),
        (framed(&[b"{\xff}", &[0; 32][..]].concat()), "UnsupportedDigest"),
        (framed(&[b"{}", &[0; 32][..]].concat()), "UnsupportedDigest"),
        (framed(&[0; 16]), "LegacyRefused"),
        (framed(&[b"{md5}", &[0; 16][..]].concat()), "LegacyRefused"),
        (framed(&[0; 20]), malformed),
        (framed(b""), malformed),
        (framed(b"{sha256"), malformed),
        (framed(b"{muchtoolong}"), malformed),
        ((-2_i32).to_be_bytes().to_vec(), r#"Malformed("negative message length")"#),
        (257_u32.to_be_bytes().to_vec(), "TooLarge { announced: 257, limit: 256 }"),
        ([&[0xff; 4][..], &[0xff; 8]].concat(), "TooLarge { announced: 18446744073709551615, limit: 256 }"),
        (framed(&[b"{sha256}", &[0; 32][..]].concat())[..30].to_vec(), "Closed"),
    ] {
        assert_eq!(answered(&answer), (expected.to_owned(), b"#FAILURE#".to_vec()), "{answer:?}");
    }
}

#[test]
fn a_client_answers_nothing_that_is_no_challenge() {
    for (message, expected) in [
        (&b"#WELCOME#"[..], r#"Malformed("expected a challenge")"#),
        (b"", r#"Malformed("expected a challenge")"#),
        (b"#CHALLENGE#{sha256}tooshort", r#"Malformed("challenge too short")"#),
        (b"#CHALLENGE#no digest named at all here", r#"Malformed("no digest named where one must be")"#),
        (b"#CHALLENGE#{sha1}not allowed in CPython either", "UnsupportedDigest"),
        (b"#CHALLENGE#twenty bytes exactly", "LegacyRefused"),
        (b"#CHALLENGE#{md5}for which nobody has asked", "LegacyRefused"),
    ] {
        let mut stream = Script::of(framed(message));
        assert_eq!(cause(Client::new(key("k")).handshake(&mut stream)), expected);
        assert!(stream.sent.is_empty(), "no digest for {message:?}");
    }
}

#[test]
fn a_replayed_answer_fails() {
    let (mut challenge, mut old) = (Vec::new(), Vec::new());
    for round in 0..2 {
        let (_, failure) = both(
            |stream| {
                challenge = receive(stream);
                if round == 0 {
                    old = answer_to(&Client::new(key("k")), &challenge[11..]);
                }
                send(stream, &old);
                receive(stream)
            },
            listen,
        );
        // The first time it was accepted, and we hung up afterwards.
        assert_eq!(failure, ["Closed", "WrongProof"][round]);
    }
}

#[test]
fn a_listener_does_not_answer_its_own_challenge() {
    let (nothing, failure) = both(
        |stream| {
            let challenge = receive(stream);
            send(stream, &answer_to(&Client::new(key("k")), &challenge[11..]));
            assert_eq!(receive(stream), b"#WELCOME#");
            send(stream, &challenge);
            stream.read(&mut [0]).unwrap()
        },
        listen,
    );
    assert_eq!((nothing, failure.as_str()), (0, "Reflected"));
}

#[test]
fn an_answer_to_one_connection_is_none_to_another() {
    let (mut one, mut first) = pair();
    let listener = thread::spawn(move || listen(&mut first));
    let foreign = answer_to(&Client::new(key("k")), &receive(&mut one)[11..]);
    let (_, failure) = both(
        |stream| {
            receive(stream);
            send(stream, &foreign);
            receive(stream)
        },
        listen,
    );
    assert_eq!(failure, "WrongProof");
    drop(one);
    assert_eq!(listener.join().unwrap(), "Closed");
}

#[test]
fn an_answer_names_the_digest_it_was_made_with() {
    // A digest made with SHA-256 but labelled SHA3-256, and the reverse direction of a downgrade.
    let (_, failure) = both(
        |stream| {
            let challenge = receive(stream);
            let answer = answer_to(&Client::new(key("k")), &challenge[11..]);
            send(stream, &[b"{sha3_256}", &answer[8..]].concat());
            receive(stream)
        },
        listen,
    );
    assert!(failure == "WrongProof" || failure == "UnsupportedDigest", "{failure}");
}

#[test]
fn a_listener_that_proves_nothing_is_left() {
    let (failure, verdict) = both(
        |stream| cause(Client::new(key("k")).handshake(stream)),
        |stream| {
            send(stream, &[b"#CHALLENGE#{sha256}", &[7; 40][..]].concat());
            receive(stream);
            send(stream, b"#WELCOME#");
            let challenge = receive(stream);
            // The client's own challenge, as an answer.
            send(stream, &challenge[11..]);
            receive(stream)
        },
    );
    assert_eq!((failure.as_str(), &verdict[..]), ("WrongProof", &b"#FAILURE#"[..]));
}

#[test]
fn a_verdict_that_is_not_welcome_is_a_rejection() {
    for verdict in [&b"#FAILURE#"[..], b"", b"#WELCOME#!"] {
        let challenge = framed(&[b"#CHALLENGE#{sha256}", &[7; 40][..]].concat());
        let mut stream = Script::new([Step::Bytes(challenge), Step::Bytes(framed(verdict))]);
        assert_eq!(cause(Client::new(key("k")).handshake(&mut stream)), "Rejected");
    }
}

#[test]
fn a_truncated_handshake_fails_at_every_length() {
    let mut whole = framed(&[b"#CHALLENGE#{sha256}", &[7; 40][..]].concat());
    whole.extend(framed(b"#WELCOME#"));
    whole.extend(framed(&[b"{sha256}", &[7; 32][..]].concat()));
    for length in 0..whole.len() {
        assert_eq!(cause(Client::new(key("k")).handshake(&mut Script::of(&whole[..length]))), "Closed");
    }
    assert_eq!(cause(Client::new(key("k")).handshake(&mut Script::of(whole))), "WrongProof");
    assert_eq!(MAX_READ, 804);
}
