//! Waiting for the next request: what ends it, and what is made of that.

use super::*;
use crate::{StreamRequest, UnixStream};
use std::{io, os::unix::net};

fn pair() -> (UnixStream, UnixStream) {
    let (left, right) = net::UnixStream::pair().unwrap();
    (left.into(), right.into())
}

#[test]
fn only_a_wait_for_nothing_is_ended() {
    let (here, there) = pair();
    assert!(!here.end_if_idle(), "in a request");
    here.set_activity(Activity::Idle);
    assert!(!here.end_if_idle(), "no thread waits in it");

    let connection = StreamRequest::connection(&here);
    connection.begin_idle_wait();
    there.sendall(b"next").unwrap();
    assert!(!here.end_if_idle(), "the next request is there");
    assert!(!connection.end_idle_wait(true), "nobody has ended it");
    assert_eq!(here.activity(), Activity::InRequest);
    assert_eq!(here.recv(&mut [0; 8]).unwrap(), 4);

    connection.begin_idle_wait();
    assert_eq!(here.activity(), Activity::Idle);
    assert!(here.end_if_idle());
    assert_eq!(here.recv(&mut [0; 8]).unwrap(), 0);
    assert!(connection.end_idle_wait(false));
    here.sendall(b"goodbye").unwrap(); // it can still be told
    assert_eq!(there.recv(&mut [0; 8]).unwrap(), 7);
}

#[test]
fn a_request_that_was_read_when_the_wait_was_ended_is_served_but_not_taken_for_whole() {
    let (here, there) = pair();
    there.sendall(b"ne").unwrap();
    let connection = StreamRequest::connection(&here);
    let read_and_ended = || {
        assert_eq!(here.recv(&mut [0; 8])?, 2);
        assert!(here.end_if_idle(), "nothing has arrived since");
        io::Result::Ok(true)
    };
    assert_eq!(connection.wait_for_next(|| false, read_and_ended).unwrap(), Next::IsThere);
    assert_eq!(here.recv(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    here.sendall(b"answer").unwrap();
    assert_eq!(there.recv(&mut [0; 8]).unwrap(), 6);

    here.set_activity(Activity::Idle); // the handler is through
    let read = || Ok::<_, io::Error>(here.recv(&mut [0; 8])? > 0);
    assert_eq!(connection.wait_for_next(|| true, read).unwrap(), Next::IsNotWanted);
}

#[test]
fn what_is_said_of_a_connection_is_seen() {
    let (here, _there) = pair();
    let connection = StreamRequest::connection(&here);
    for activity in [Activity::Idle, Activity::Handshaking, Activity::InRequest] {
        connection.set_activity(activity);
        assert_eq!((connection.activity(), connection.socket().unwrap().activity()), (activity, activity));
    }
}

#[test]
fn a_server_that_stops_takes_in_what_has_arrived_and_waits_for_nothing() {
    let (here, there) = pair();
    let connection = StreamRequest::connection(&here);
    let read = || Ok::<_, io::Error>(here.recv(&mut [0; 8])? > 0);
    there.sendall(b"next").unwrap();
    assert_eq!(connection.wait_for_next(|| true, read).unwrap(), Next::IsThere);
    assert_eq!(connection.wait_for_next(|| true, read).unwrap(), Next::IsNotWanted);
    drop(there);
    assert_eq!(connection.wait_for_next(|| true, read).unwrap(), Next::NeverComes, "the end has arrived");
}

#[test]
fn an_end_of_the_wait_is_told_from_the_clients_own() {
    let (here, there) = pair();
    let connection = StreamRequest::connection(&here);
    let ended = || {
        assert!(here.end_if_idle());
        io::Result::Ok(here.recv(&mut [0; 8])? > 0)
    };
    assert_eq!(connection.wait_for_next(|| false, ended).unwrap(), Next::IsNotWanted);
    assert_eq!(here.recv(&mut [0; 8]).unwrap(), 0, "nothing was cut");

    let (here, other) = pair();
    let connection = StreamRequest::connection(&here);
    let read = || io::Result::Ok(here.recv(&mut [0; 8])? > 0);
    other.sendall(b"next").unwrap();
    assert_eq!(connection.wait_for_next(|| false, read).unwrap(), Next::IsThere);
    drop((there, other));
    assert_eq!(here.recv(&mut [0; 8]).unwrap(), 0, "this request was let in whole");
    assert_eq!(connection.wait_for_next(|| false, read).unwrap(), Next::NeverComes);
}

#[test]
fn a_look_at_the_first_byte_neither_waits_nor_takes_it() {
    let (here, there) = pair();
    assert!(!here.has_first_byte() && !here.has_arrived());
    there.sendall(b"x").unwrap();
    assert!(here.has_first_byte() && here.has_arrived());
    assert_eq!(here.recv(&mut [0; 2]).unwrap(), 1, "it is still there");
    assert!(!here.has_first_byte());
    drop(there);
    assert!(here.has_first_byte() && here.has_arrived(), "the end");
}
