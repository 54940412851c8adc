use crate::util::sessions;
use proptest::prelude::*;
use socketserver_auth::mutual::SealError;

/// Frames with these numbers as payloads, sealed by the client.
fn frames(count: u8) -> (Vec<Vec<u8>>, socketserver_auth::mutual::Session) {
    let (mut client, server) = sessions();
    ((0..count).map(|number| client.seal(&[number]).unwrap()).collect(), server)
}

#[test]
fn no_bit_of_a_frame_can_be_changed() {
    let (client, _) = frames(1);
    for bit in 0..client[0].len() * 8 {
        // A new session each: an error ends one.
        let (mut frames, mut server) = frames(1);
        frames[0][bit / 8] ^= 1 << (bit % 8);
        assert!(server.open(&frames[0]).is_err(), "bit {bit}");
        assert!(matches!(server.open(&frames[0]), Err(SealError::Over)));
    }
}

#[test]
fn a_dropped_frame_is_noticed_at_the_next() {
    let (frames, mut server) = frames(3);
    server.open(&frames[0]).unwrap();
    assert!(matches!(server.open(&frames[2]), Err(SealError::Tampered)));
}

#[test]
fn a_replayed_frame_is_noticed() {
    let (frames, mut server) = frames(2);
    server.open(&frames[0]).unwrap();
    assert!(matches!(server.open(&frames[0]), Err(SealError::Tampered)));
    assert!(matches!(server.open(&frames[1]), Err(SealError::Over)), "and there is no way back");
}

#[test]
fn reordered_frames_are_noticed() {
    let (frames, mut server) = frames(2);
    assert!(matches!(server.open(&frames[1]), Err(SealError::Tampered)));
}

#[test]
fn a_frame_reflected_to_its_sender_is_noticed() {
    let (mut client, _server) = sessions();
    let frame = client.seal(b"x").unwrap();
    assert!(matches!(client.open(&frame), Err(SealError::Tampered)));
}

#[test]
fn a_frame_of_another_session_is_noticed() {
    let (frames, _) = frames(1);
    let (_, mut other) = sessions();
    assert!(matches!(other.open(&frames[0]), Err(SealError::Tampered)));
}

#[test]
fn a_data_frame_is_no_close_frame() {
    let (mut client, mut server) = sessions();
    let mut frame = client.seal(b"").unwrap();
    frame[4] = 1;
    assert!(matches!(server.open(&frame), Err(SealError::Tampered)));
}

#[test]
fn bytes_behind_a_frame_are_not_ignored() {
    let (mut frames, mut server) = frames(1);
    frames[0].push(0);
    assert!(matches!(server.open(&frames[0]), Err(SealError::Tampered)));
}

/// What somebody in the middle may do to a list of frames.
#[derive(Clone, Debug)]
enum Meddling {
    Drop(usize),
    Repeat(usize),
    Swap(usize, usize),
    Flip(usize, usize),
    Cut(usize, usize),
    Insert(usize, Vec<u8>),
}

fn meddling() -> impl Strategy<Value = Meddling> {
    let index = any::<usize>;
    prop_oneof![
        index().prop_map(Meddling::Drop),
        index().prop_map(Meddling::Repeat),
        (index(), index()).prop_map(|(a, b)| Meddling::Swap(a, b)),
        (index(), index()).prop_map(|(a, b)| Meddling::Flip(a, b)),
        (index(), index()).prop_map(|(a, b)| Meddling::Cut(a, b)),
        (index(), prop::collection::vec(any::<u8>(), 0..60)).prop_map(|(a, b)| Meddling::Insert(a, b)),
    ]
}

fn meddle(frames: &mut Vec<Vec<u8>>, how: &Meddling) {
    let count = frames.len();
    match how {
        Meddling::Insert(at, bytes) => frames.insert(at % (count + 1), bytes.clone()),
        _ if count == 0 => {}
        Meddling::Drop(at) => drop(frames.remove(at % count)),
        Meddling::Repeat(at) => frames.insert(at % count, frames[at % count].clone()),
        Meddling::Swap(a, b) => frames.swap(a % count, b % count),
        Meddling::Flip(at, bit) => {
            let frame = &mut frames[at % count];
            if let Some(byte) = frame.len().checked_mul(8).and_then(|bits| bit.checked_rem(bits)) {
                frame[byte / 8] ^= 1 << (byte % 8);
            }
        }
        Meddling::Cut(at, length) => {
            let frame = &mut frames[at % count];
            frame.truncate(length % (frame.len() + 1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn only_a_beginning_of_what_was_sent_ever_gets_through(
        tricks in prop::collection::vec(meddling(), 1..6),
    ) {
        let (mut frames, mut server) = frames(6);
        for trick in &tricks {
            meddle(&mut frames, trick);
        }
        let wire = frames.concat();
        let mut wire = &wire[..];
        let mut got = Vec::new();
        while let Ok(Some(payload)) = server.recv(&mut wire) {
            got.push(payload);
        }
        let sent: Vec<_> = (0..6).map(|number| vec![number]).collect();
        prop_assert!(sent.starts_with(&got));
    }
}
