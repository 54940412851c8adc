//! Genuine frames, dropped, repeated, swapped, changed, cut and mixed with others: only a beginning of what was sent gets through.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketserver_auth_fuzz::{Peer, sessions};

fuzz_target!(|data: (u8, Vec<Vec<u8>>, Vec<(u8, usize, usize)>)| {
    let (piece, payloads, tricks) = data;
    let (mut client, mut server) = sessions();
    let mut frames: Vec<_> = payloads.iter().map(|payload| client.seal(payload).expect("short")).collect();
    let closed = client.split().0.seal_close().expect("still open");
    frames.push(closed);

    for (trick, at, other) in tricks.into_iter().take(20) {
        let count = frames.len();
        if count == 0 {
            break;
        }
        let (at, by) = (at % count, other % count);
        match trick % 6 {
            0 => drop(frames.remove(at)),
            1 => frames.insert(by, frames[at].clone()),
            2 => frames.swap(at, by),
            3 if !frames[at].is_empty() => {
                let bit = other % (frames[at].len() * 8);
                frames[at][bit / 8] ^= 1 << (bit % 8);
            }
            4 => {
                let length = other % (frames[at].len() + 1);
                frames[at].truncate(length);
            }
            _ => frames.insert(at, server.seal(&other.to_be_bytes()).expect("short")),
        }
    }

    let wire = frames.concat();
    let mut peer = Peer::new(&wire, piece);
    let mut got = Vec::new();
    let finished = loop {
        match server.recv(&mut peer) {
            Ok(Some(payload)) => got.push(payload),
            end => break end.is_ok(),
        }
    };
    assert!(payloads.starts_with(&got));
    assert!(!finished || got == payloads, "a conversation ended early and was taken for whole");
});
