//! The phases of a keep-alive connection: what is waited for, and under which deadline.

mod session;
mod settings;

use super::waiting::{limit, next};
use crate::{Buffers, HandlerResult, ServerControl, ServerRef, StreamContext};
use socketserver_net::{Activity, Address, Connection, Deadline, Next, StreamRequest, UnixStream};
use std::{
    io::{BufRead, Write},
    os::unix::net,
    time::Duration,
};

const LONG: Option<Duration> = Some(Duration::from_secs(3600));

/// A server that stops, or doesn't.
struct Stops(bool);

impl ServerControl for Stops {
    fn is_draining(&self) -> bool {
        self.0
    }
    fn request_shutdown(&self) {}
    fn server_address(&self) -> Address {
        Address::Unbound
    }
}

fn pair() -> (Connection, net::UnixStream) {
    let (here, there) = net::UnixStream::pair().unwrap();
    (StreamRequest::connection(&UnixStream::from(here)), there)
}

/// What is found on a connection whose client has said this, and is through if it says nothing.
fn found(said: &[u8], stops: bool) -> HandlerResult<Next> {
    let (connection, mut client) = pair();
    client.write_all(said)?;
    if said.is_empty() {
        drop(client);
    }
    let (control, mut buffers) = (Stops(stops), Buffers::new());
    let server = ServerRef::new(&(), &control);
    let mut cx = StreamContext::new(&connection, &mut buffers, (64, 64), &Address::Unbound, server);
    let found = next(&connection, &mut cx);
    assert_eq!(cx.rfile.buffer(), said);
    assert_eq!(connection.activity(), Activity::InRequest);
    found
}

#[test]
fn a_request_is_there_or_never_comes() {
    assert_eq!(found(b"request", false).unwrap(), Next::IsThere);
    assert_eq!(found(b"", false).unwrap(), Next::NeverComes);
    assert_eq!(found(b"request", true).unwrap(), Next::IsThere, "it has arrived");
}

#[test]
fn when_the_server_stops_no_request_is_waited_for() {
    let (connection, _client) = pair();
    connection.settimeout(Some(Duration::from_millis(1)));
    let (control, mut buffers) = (Stops(true), Buffers::new());
    let server = ServerRef::new(&(), &control);
    let mut cx = StreamContext::new(&connection, &mut buffers, (64, 64), &Address::Unbound, server);
    assert_eq!(next(&connection, &mut cx).unwrap(), Next::IsNotWanted);
}

#[test]
fn a_request_that_came_with_the_one_before_is_served_though_the_server_stops() {
    let (connection, mut client) = pair();
    client.write_all(b"one\ntwo\n").unwrap();
    let (control, mut buffers) = (Stops(true), Buffers::new());
    let server = ServerRef::new(&(), &control);
    let mut cx = StreamContext::new(&connection, &mut buffers, (64, 64), &Address::Unbound, server);
    assert_eq!(next(&connection, &mut cx).unwrap(), Next::IsThere);
    cx.rfile.read_until(b'\n', &mut Vec::new()).unwrap();
    assert_eq!(next(&connection, &mut cx).unwrap(), Next::IsThere);
    cx.rfile.read_until(b'\n', &mut Vec::new()).unwrap();
    assert_eq!(next(&connection, &mut cx).unwrap(), Next::IsNotWanted);
}

#[test]
fn each_phase_has_its_own_deadline_and_not_that_of_the_other() {
    let (connection, _client) = pair();
    let is = || connection.deadline().map(|(_, is)| is);
    limit(&connection, LONG, None, Deadline::Idle);
    assert_eq!(is(), Some(Deadline::Idle));
    limit(&connection, None, LONG, Deadline::Request);
    assert_eq!(is(), None, "a request has none");
    limit(&connection, LONG, LONG, Deadline::Request);
    assert_eq!(is(), Some(Deadline::Request));
    limit(&connection, Some(Duration::MAX), LONG, Deadline::Idle);
    assert_eq!(is(), None, "as good as none");
}

#[test]
fn where_neither_is_used_the_handlers_own_deadline_stays() {
    let (connection, _client) = pair();
    limit(&connection, LONG, None, Deadline::Request);
    limit(&connection, None, None, Deadline::Idle);
    assert!(connection.deadline().is_some());
}
