//! How long an operation waits, for what, and who hears of it.

use crate::{Deadline, Socket, TimedOut, before_waiting};
use std::{
    cell::{Cell, RefCell},
    io::{self, Read},
    os::unix::net::UnixStream,
    rc::Rc,
    time::{Duration, Instant},
};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(20);

fn pair() -> (Socket, UnixStream) {
    let (here, there) = UnixStream::pair().unwrap();
    (Socket::new(here), there)
}

fn passed(error: &io::Error) -> Option<Deadline> {
    TimedOut::of(error).map(|it| it.deadline)
}

#[test]
fn a_read_waits_as_long_as_it_may() {
    let (here, _there) = pair();
    here.settimeout(Some(SHORT));
    let begun = Instant::now();
    assert_eq!(passed(&here.recv(&mut [0]).unwrap_err()), Some(Deadline::Read));
    assert!(begun.elapsed() >= SHORT);
}

#[test]
fn what_is_there_is_read_though_the_time_of_the_read_is_too_short_to_look() {
    let (here, there) = pair();
    Socket::new(there).sendall(b"!").unwrap();
    here.settimeout(Some(Duration::from_nanos(1)));
    assert_eq!(here.recv(&mut [0]).unwrap(), 1);
}

#[test]
fn after_the_deadline_of_the_whole_nothing_is_read_though_it_is_there() {
    let (here, there) = pair();
    Socket::new(there).sendall(b"!").unwrap();
    here.set_deadline(Some((Instant::now(), Deadline::Request)));
    assert_eq!(passed(&here.recv(&mut [0]).unwrap_err()), Some(Deadline::Request));
    here.set_deadline(None);
    assert_eq!(here.recv(&mut [0]).unwrap(), 1);
}

/// Sends until that would have to wait.
fn fill(here: &Socket) -> usize {
    here.set_write_timeout(Some(Duration::ZERO));
    let mut sent = 0;
    loop {
        match here.send(&[0; 4096]) {
            Ok(n) => sent += n,
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                return sent;
            }
        }
    }
}

#[test]
fn a_write_waits_until_the_peer_has_made_room() {
    let (here, there) = pair();
    let sent = fill(&here);
    here.set_write_timeout(Some(SHORT));
    assert_eq!(passed(&here.send(b"!").unwrap_err()), Some(Deadline::Write));
    here.set_write_timeout(Some(LONG));
    let room = RefCell::new(there);
    before_waiting(move || room.borrow_mut().read_exact(&mut vec![0; sent]).unwrap());
    assert_eq!(here.send(b"!").unwrap(), 1);
    before_waiting(|| ());
}

/// Somebody else has made the descriptor so; there is nothing to wait by.
#[test]
fn without_a_limit_a_descriptor_that_never_blocks_says_that_it_would() {
    let (here, _there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    assert_eq!(Socket::new(here).recv(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn who_wants_to_hear_of_waits_hears_of_those_that_there_are() {
    let (here, there) = pair();
    let there = Socket::new(there);
    let waits = Rc::new(Cell::new(0));
    let (counted, said) = (waits.clone(), there);
    before_waiting(move || {
        counted.set(counted.get() + 1);
        said.send(b"!").unwrap(); // what is waited for
    });
    assert_eq!(here.recv(&mut [0]).unwrap(), 1);
    assert_eq!(waits.get(), 1);
    here.settimeout(Some(LONG));
    assert_eq!(here.recv(&mut [0]).unwrap(), 1);
    assert_eq!(waits.get(), 2);
    before_waiting(|| ());
}
