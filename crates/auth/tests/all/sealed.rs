use crate::util::{Script, Step, sessions};
use proptest::prelude::*;
use socketserver_auth::mutual::{DEFAULT_MAX_PAYLOAD, OVERHEAD, SealError};
use std::io::{ErrorKind, Read};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_sealed_opens_in_order_both_ways(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..500), 0..10),
    ) {
        let (mut client, mut server) = sessions();
        for (from, to) in [(0, 1), (1, 0)] {
            let mut wire = Vec::new();
            let ends = [&mut client, &mut server];
            for payload in &payloads {
                ends[from].send(&mut wire, payload).unwrap();
            }
            ends[from].send_close(&mut wire).unwrap();
            prop_assert_eq!(wire.len(), payloads.iter().map(|p| p.len() + OVERHEAD).sum::<usize>() + OVERHEAD);
            let mut wire = &wire[..];
            for payload in &payloads {
                let received = ends[to].recv(&mut wire).unwrap();
                prop_assert_eq!(received.as_ref(), Some(payload));
            }
            prop_assert_eq!(ends[to].recv(&mut wire).unwrap(), None);
            prop_assert!(wire.is_empty());
        }
    }
}

#[test]
fn a_frame_at_a_time_is_read_and_no_byte_more() {
    let (mut client, mut server) = sessions();
    let mut wire = client.seal(b"one").unwrap();
    wire.extend(b"tail");
    let mut wire = &wire[..];
    assert_eq!(server.recv(&mut wire).unwrap().unwrap(), b"one");
    assert_eq!(wire, b"tail");
}

#[test]
fn a_cut_conversation_is_told_from_a_finished_one() {
    let (mut client, mut server) = sessions();
    let mut wire = Vec::new();
    client.send(&mut wire, b"transfer 10").unwrap();
    let mut wire = &wire[..];
    assert!(server.recv(&mut wire).unwrap().is_some());
    assert!(matches!(server.recv(&mut wire), Err(SealError::Truncated)));
    assert!(matches!(server.recv(&mut wire), Err(SealError::Over)));
}

#[test]
fn a_frame_cut_anywhere_is_truncated() {
    let whole = sessions().0.seal(b"hello").unwrap().len();
    for length in 0..whole {
        let (mut client, mut server) = sessions();
        let frame = client.seal(b"hello").unwrap();
        assert!(matches!(server.open(&frame[..length]), Err(SealError::Truncated)));
        let (mut client, mut server) = sessions();
        let frame = client.seal(b"hello").unwrap();
        assert!(matches!(server.recv(&mut &frame[..length]), Err(SealError::Truncated)));
    }
}

#[test]
fn nothing_follows_a_close() {
    let (mut client, mut server) = sessions();
    let mut wire = Vec::new();
    client.send_close(&mut wire).unwrap();
    assert!(matches!(client.seal(b"more"), Err(SealError::Over)));
    assert!(matches!(client.send_close(&mut wire), Err(SealError::Over)));
    assert_eq!(server.open(&wire).unwrap(), None);
    assert!(matches!(server.open(&wire), Err(SealError::Over)));
    // The other direction is still open.
    let answer = server.seal(b"bye").unwrap();
    assert_eq!(client.open(&answer).unwrap(), Some(&b"bye"[..]));
}

#[test]
fn a_payload_has_a_limit_on_both_sides() {
    let (client, server) = sessions();
    let mut small = client.max_payload(4);
    assert!(matches!(small.seal(b"12345"), Err(SealError::TooLong { length: 5, limit: 4 })));
    assert!(small.seal(b"1234").is_ok(), "the refused payload cost no number");

    let (mut large, _) = sessions();
    let frame = large.seal(b"12345").unwrap();
    assert!(matches!(server.max_payload(4).open(&frame), Err(SealError::TooLong { length: 5, limit: 4 })));
    assert_eq!(DEFAULT_MAX_PAYLOAD, 1 << 20);
}

#[test]
fn each_direction_may_have_a_limit_of_its_own() {
    let (client, server) = sessions();
    let (mut client, mut server) = (client, server.max_payload_received(4).max_payload_sent(8));
    assert!(matches!(server.seal(&[0; 9]), Err(SealError::TooLong { length: 9, limit: 8 })));
    let answer = server.seal(&[0; 8]).unwrap();
    assert_eq!(client.open(&answer).unwrap(), Some(&[0; 8][..]));
    let (short, long) = (client.seal(b"1234").unwrap(), client.seal(b"12345").unwrap());
    assert_eq!(server.open(&short).unwrap(), Some(&b"1234"[..]));
    // Refused by its header alone.
    assert!(matches!(server.recv(&mut &long[..5]), Err(SealError::TooLong { length: 5, limit: 4 })));
}

#[test]
fn an_announced_length_takes_no_memory_by_itself() {
    // The largest payload announced, nothing sent.
    let (_, server) = sessions();
    let mut server = server.max_payload(u32::MAX);
    assert!(matches!(server.recv(&mut &[0xff, 0xff, 0xff, 0xff, 0, 1, 2][..]), Err(SealError::Truncated)));
}

#[test]
fn a_timeout_between_frames_may_be_retried_but_not_within_one() {
    let (mut client, mut server) = sessions();
    let (one, two) = (client.seal(b"one").unwrap(), client.seal(b"two").unwrap());
    let mut stream = Script::new([
        Step::Fail(ErrorKind::WouldBlock),
        Step::Fail(ErrorKind::Interrupted),
        Step::Bytes(one),
        Step::Bytes(two[..9].to_vec()),
        Step::Fail(ErrorKind::WouldBlock),
    ]);
    assert!(matches!(server.recv(&mut stream), Err(SealError::Io(_))));
    assert_eq!(server.recv(&mut stream).unwrap().unwrap(), b"one");
    assert!(matches!(server.recv(&mut stream), Err(SealError::Io(_))));
    assert!(matches!(server.recv(&mut stream), Err(SealError::Over)));
}

#[test]
fn the_halves_work_apart() {
    let (client, server) = sessions();
    let ((mut sealer, _), (_, mut opener)) = (client.split(), server.split());
    let frame = sealer.seal(b"x").unwrap();
    assert_eq!(opener.open(&frame).unwrap(), Some(&b"x"[..]));
}

#[test]
fn a_frame_may_arrive_byte_by_byte() {
    let (mut client, mut server) = sessions();
    let frame = client.seal(b"slowly").unwrap();
    let mut stream = Script::new(frame.into_iter().map(|byte| Step::Bytes(vec![byte])));
    assert_eq!(server.recv(&mut stream).unwrap().unwrap(), b"slowly");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}
