use crate::multiprocessing::framed;
use crate::util::{Script, Step, key, sessions};
use proptest::prelude::*;
use socketserver_auth::{multiprocessing, mutual, oneway};

/// Random bytes, or messages that begin the way some parser likes.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "#CHALLENGE#",
        "#CHALLENGE#{sha256}",
        "#CHALLENGE#{sha384}",
        "#CHALLENGE#{sha3_256}",
        "#CHALLENGE#{md5}",
        "#WELCOME#",
        "#FAILURE#",
        "{sha256}",
        "{",
        "",
    ]);
    let message = (words, prop::collection::vec(any::<u8>(), 0..260))
        .prop_map(|(w, tail)| framed(&[w.as_bytes(), &tail].concat()));
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..600),
        prop::collection::vec(message, 0..4).prop_map(|messages| messages.concat()),
        prop::collection::vec(any::<u8>(), 0..100).prop_map(|tail| [b"SSAUTH\x00\x01", &tail[..]].concat()),
    ]
}

/// What was consumed of this much input.
fn consumed(total: usize, stream: &Script) -> usize {
    let left: usize =
        stream.steps.iter().map(|step| if let Step::Bytes(bytes) = step { bytes.len() } else { 0 }).sum();
    total - left
}

proptest! {
    #[test]
    fn arbitrary_input_is_refused_within_the_budget(input in input()) {
        let run = |limit: usize, side: &dyn Fn(&mut Script) -> bool| {
            let mut stream = Script::of(input.clone());
            let passed = side(&mut stream);
            (passed, consumed(input.len(), &stream) <= limit)
        };
        let refused = (false, true);
        prop_assert_eq!(run(mutual::MAX_READ, &|s| mutual::Server::new(key("k")).handshake(s).is_ok()), refused);
        prop_assert_eq!(run(mutual::MAX_READ, &|s| mutual::Client::new(key("k")).handshake(s).is_ok()), refused);
        let limit = multiprocessing::MAX_READ;
        prop_assert_eq!(run(limit, &|s| multiprocessing::Listener::new(key("k")).handshake(s).is_ok()), refused);
        prop_assert_eq!(run(limit, &|s| multiprocessing::Client::new(key("k")).handshake(s).is_ok()), refused);
        prop_assert_eq!(run(oneway::MAX_READ, &|s| oneway::Server::new(key("k")).handshake(s).is_ok()), refused);
        // The answering side has nothing to refuse.
        let answered = run(oneway::MAX_READ, &|s| oneway::Client::new(key("k")).handshake(s).is_ok());
        prop_assert_eq!(answered, (input.len() >= oneway::CHALLENGE, true));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_frames_never_open(frame in prop::collection::vec(any::<u8>(), 0..200)) {
        let (_, mut server) = sessions();
        prop_assert!(server.open(&frame).is_err());
        let (_, mut server) = sessions();
        prop_assert!(server.recv(&mut &frame[..]).is_err());
    }
}
