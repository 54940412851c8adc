//! What the fuzzer calls, which reaches nothing that isn't public: see `fuzz/`.

use crate::{answer, order::Order};
use std::{io::Write, os::unix::net::UnixStream};

/// Bytes are a list or they aren't; one that is has no more connections than there are bytes for, and is told again as it was.
pub fn answers(data: &[u8]) {
    let Some(list) = answer::read(data) else { return };
    assert!(list.len() * answer::LEAST < data.len());
    assert_eq!(answer::read(&answer::write(&list)), Some(list));
}

/// Each that is heard takes some of the bytes, until there are no more.
pub fn orders(data: &[u8]) {
    let data = &data[..data.len().min(4096)]; // which nobody has to wait to write
    let (mut parent, worker) = UnixStream::pair().expect("two descriptors");
    parent.write_all(data).expect("there is room");
    drop(parent);
    for _ in 0..data.len().div_ceil(16) {
        assert!(!matches!(Order::receive(&worker), None | Some(Order::End)));
    }
    assert!(matches!(Order::receive(&worker), Some(Order::End)));
}
