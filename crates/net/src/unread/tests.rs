//! What is known of input that nobody has read, and throwing it away.

use super::*;
use crate::{TcpStream, UnixStream};
use std::{
    io::Write,
    net::{Shutdown, TcpListener},
    time::Duration,
};

fn pair() -> (TcpStream, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (listener.accept().unwrap().0.into(), client)
}

fn say(client: &mut std::net::TcpStream, here: &TcpStream, bytes: &[u8]) {
    client.write_all(bytes).unwrap();
    here.wait_for_input(Instant::now() + Duration::from_secs(30)).unwrap();
}

#[test]
fn what_reads_came_back_with_says_what_may_be_left() {
    let (here, mut there) = pair();
    assert_eq!(here.unread(), Unread::Possible, "nobody has looked");
    say(&mut there, &here, b"ask");
    here.recv(&mut [0; 8]).unwrap();
    assert_eq!(here.unread(), Unread::Possible, "more may have come since");
    say(&mut there, &here, b"ask");
    here.recv(&mut [0; 3]).unwrap();
    assert_eq!(here.unread(), Unread::Possible, "there may be more");
    there.write_all(&[0; 9000]).unwrap();
    let mut buf = [0; MUCH];
    while here.recv(&mut buf).unwrap() < MUCH {}
    assert_eq!(here.unread(), Unread::Likely);
    there.shutdown(Shutdown::Write).unwrap();
    while here.recv(&mut buf).unwrap() > 0 {}
    assert_eq!(here.unread(), Unread::Ended);
}

#[test]
fn what_is_thrown_away_isnt_traffic_and_the_end_is_seen() {
    let (here, mut there) = pair();
    assert_eq!(here.discard(usize::MAX).unwrap(), Discarded { bytes: 0, ended: false });
    say(&mut there, &here, &[0; 100]);
    assert_eq!(here.discard(usize::MAX).unwrap(), Discarded { bytes: 100, ended: false });
    drop(there);
    here.wait_for_input(Instant::now() + Duration::from_secs(30)).unwrap();
    assert_eq!(here.discard(usize::MAX).unwrap(), Discarded { bytes: 0, ended: true });
    assert_eq!((here.traffic().bytes_in, here.unread()), (0, Unread::Ended));
}

/// What one end of it sends, the other has at once.
fn at_once() -> (UnixStream, std::os::unix::net::UnixStream) {
    let (here, there) = std::os::unix::net::UnixStream::pair().unwrap();
    (here.into(), there)
}

#[test]
fn a_read_without_room_is_no_end() {
    let (here, mut there) = pair();
    say(&mut there, &here, b"ask");
    assert_eq!(here.recv(&mut []).unwrap(), 0);
    assert_eq!(here.unread(), Unread::Possible);
}

#[test]
fn all_that_is_there_is_thrown_away_in_several_goes() {
    let (here, mut there) = at_once();
    there.write_all(&[0; 40_000]).unwrap();
    assert_eq!(here.discard(usize::MAX).unwrap(), Discarded { bytes: 40_000, ended: false });
}

#[test]
fn no_more_is_thrown_away_than_is_asked_for_and_the_rest_of_16_kib() {
    const GO: usize = 16 * 1024;
    let (here, mut there) = at_once();
    there.write_all(&[0; 3 * GO]).unwrap();
    assert_eq!(here.discard(0).unwrap().bytes, 0);
    assert_eq!(here.discard(1).unwrap().bytes, GO);
    assert_eq!(here.discard(GO).unwrap().bytes, GO);
    assert_eq!(here.discard(usize::MAX).unwrap().bytes, GO);
}

/// A go that wasn't filled has found all; to ask again would cost a system call, and mostly say nothing.
#[test]
fn an_end_behind_the_rest_is_left_to_the_next_look() {
    let (here, mut there) = at_once();
    there.write_all(b"the rest").unwrap();
    drop(there);
    assert_eq!(here.discard(usize::MAX).unwrap(), Discarded { bytes: 8, ended: false });
    assert_eq!(here.discard(usize::MAX).unwrap(), Discarded { bytes: 0, ended: true });
}

#[test]
fn input_is_waited_for_until_it_comes_or_the_time_has() {
    let (here, mut there) = at_once();
    let until = Instant::now() + Duration::from_millis(20);
    here.wait_for_input(until).unwrap();
    assert!(Instant::now() >= until);
    there.write_all(b"!").unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    here.wait_for_input(until).unwrap();
    assert!(Instant::now() < until);
}
