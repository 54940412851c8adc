//! How long, and how far, a client is read on. Time is what a test says; a second in it is a thousand, so that its own time is nothing.

use super::{End, Tail};
use crate::Linger;
use socketserver_net::{Connection, StreamRequest, UnixStream, before_waiting};
use std::{
    cell::RefCell,
    io::Write,
    net::Shutdown,
    os::unix::net,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

/// 5,000 s, and 1,000 of silence.
const LINGER: Linger = Linger::up_to(Duration::from_secs(5000));

fn pair() -> (Connection, net::UnixStream) {
    let (here, there) = net::UnixStream::pair().unwrap();
    (StreamRequest::connection(&UnixStream::from(here)), there)
}

fn tail(linger: &Linger) -> (Tail, net::UnixStream, impl Fn(u64) -> Instant + use<>) {
    let (here, there) = pair();
    let tail = Tail::new(here, linger);
    let begun = Instant::now();
    (tail, there, move |seconds| begun + Duration::from_secs(seconds))
}

#[test]
fn a_client_that_says_nothing_for_a_fifth_of_the_time_is_through() {
    let (mut tail, _there, at) = tail(&LINGER);
    assert_eq!([0, 500, 900].map(|seconds| tail.look(at(seconds))), [None; 3]);
    assert_eq!(tail.look(at(1001)), Some(End::Over));
}

#[test]
fn a_client_that_goes_on_sending_is_read_to_the_end_of_the_time() {
    let (mut tail, mut there, at) = tail(&LINGER);
    for seconds in [900, 1800, 2700, 3600, 4500] {
        there.write_all(b"more").unwrap();
        assert_eq!(tail.look(at(seconds)), None);
    }
    assert_eq!(tail.look(at(4900)), None, "silent, but not for long");
    there.write_all(b"more").unwrap();
    assert_eq!(tail.look(at(5001)), Some(End::CutOff));
    assert_eq!(tail.discarded(), 24);
}

#[test]
fn one_that_has_sent_and_is_silent_for_a_fifth_of_the_time_is_through() {
    let (mut tail, mut there, at) = tail(&LINGER);
    there.write_all(b"more").unwrap();
    assert_eq!(tail.look(at(900)), None);
    assert_eq!(tail.look(at(1800)), None);
    assert_eq!(tail.look(at(1901)), Some(End::Over));
}

#[test]
fn one_that_was_sending_a_moment_ago_and_is_silent_at_the_end_of_the_time_is_cut_off() {
    let (mut tail, mut there, at) = tail(&LINGER);
    there.write_all(b"more").unwrap();
    assert_eq!(tail.look(at(900)), None);
    there.write_all(b"more").unwrap();
    assert_eq!(tail.look(at(4500)), None);
    assert_eq!(tail.look(at(5001)), Some(End::CutOff));
}

#[test]
fn one_that_sends_as_much_as_is_thrown_away_at_most_is_cut_off() {
    for (sent, end) in [(9, None), (10, Some(End::CutOff)), (20, Some(End::CutOff))] {
        let (mut tail, mut there, at) = tail(&LINGER.bytes(10));
        there.write_all(&vec![0; sent]).unwrap();
        assert_eq!((tail.look(at(0)), tail.discarded()), (end, sent as u64));
    }
}

#[test]
fn a_look_takes_all_there_is() {
    let (mut tail, mut there, at) = tail(&LINGER);
    there.write_all(&[0; 100_000]).unwrap();
    assert_eq!((tail.look(at(0)), tail.discarded()), (None, 100_000));
}

#[test]
fn one_that_has_finished_is_through_whenever_that_is_seen() {
    let (mut tail, mut there, at) = tail(&LINGER);
    assert_eq!(tail.look(at(0)), None);
    there.write_all(b"the rest").unwrap();
    assert_eq!(tail.look(at(1)), None);
    there.shutdown(Shutdown::Both).unwrap();
    assert_eq!((tail.look(at(2)), tail.discarded()), (Some(End::Over), 8));
}

#[test]
fn the_next_look_is_later_each_time_that_nothing_is_there_up_to_64_ms() {
    let (mut tail, mut there, at) = tail(&LINGER);
    let pause = |tail: &mut Tail| {
        assert_eq!(tail.look(at(0)), None);
        (tail.next_look() - at(0)).as_millis()
    };
    let pauses: Vec<_> = (0..7).map(|_| pause(&mut tail)).collect();
    assert_eq!(pauses, [4, 8, 16, 32, 64, 64, 64]);
    there.write_all(b"more").unwrap();
    assert_eq!([pause(&mut tail), pause(&mut tail)], [2, 4]);
}

#[test]
fn who_waits_for_the_end_waits_until_the_client_has_been_silent_or_has_finished() {
    let (here, _silent) = pair();
    let begun = Instant::now();
    assert_eq!(Tail::new(here, &Linger::up_to(Duration::from_millis(100))).wait(), End::Over);
    assert!(begun.elapsed() >= Duration::from_millis(20));

    let (here, mut there) = pair();
    let mut tail = Tail::new(here, &LINGER);
    thread::scope(|scope| {
        scope.spawn(move || there.write_all(b"the rest").unwrap());
        assert_eq!((tail.wait(), tail.discarded()), (End::Over, 8));
    });
}

/// Where instants don't reach so far ahead.
#[test]
fn who_may_wait_for_ever_waits_all_the_same() {
    let (here, there) = pair();
    let there = Rc::new(RefCell::new((Some(there), 0)));
    let heard = there.clone();
    before_waiting(move || {
        let (client, waits) = &mut *heard.borrow_mut();
        *waits += 1;
        let mut client = client.take();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(20)); // long enough for many looks, if it doesn't wait
            client.as_mut().map(|client| client.write_all(b"the rest"));
        });
    });
    let mut tail = Tail::new(here, &Linger::up_to(Duration::MAX));
    (tail.until, tail.silent_until) = (None, None);
    assert_eq!(tail.wait(), End::Over);
    assert!(there.borrow().1 <= 3, "for the rest, for the end");
    before_waiting(|| ());
}
