//! A limit that may change while somebody waits by it.

use super::QueueLimit;
use rustix::event::{PollFd, PollFlags, poll};
use std::{os::fd::AsFd, sync::Arc};

#[test]
fn it_is_what_was_set_last() {
    let limit = QueueLimit::new(Some(3));
    assert_eq!(limit.get(), Some(3));
    for set in [Some(0), Some(usize::MAX >> 1), None, Some(7)] {
        limit.set(set);
        assert_eq!(limit.get(), set);
    }
    assert_eq!(QueueLimit::new(None).get(), None);
}

#[test]
fn who_looks_after_the_workers_hears_of_each_change() {
    let limit = QueueLimit::new(Some(3));
    let bell = limit.bell().unwrap();
    assert!(Arc::ptr_eq(&bell, &limit.bell().unwrap()), "all hear the same");
    let now = Some(&Default::default());
    let is_rung = || poll(&mut [PollFd::new(&bell.as_fd(), PollFlags::IN)], now) == Ok(1);
    assert!(!is_rung());
    limit.set(None);
    assert!(is_rung());
}
