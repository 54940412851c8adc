//! The time of a handshake: set, taken back, and named where it has passed.

use super::{Handshaking, TooManyHandshakes};
use crate::{Buffers, HandlerResult, ServerControl, ServerRef, StreamContext, guarded};
use socketserver_net::{
    Activity, Address, Connection, Deadline, Socket, StreamRequest, TimedOut, UnixStream, Wire,
};
use std::{
    io,
    net::Shutdown,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

const LONG: Duration = Duration::from_secs(3600);

/// A server of which one handshake may be in progress at once.
#[derive(Default)]
struct One {
    is_busy: AtomicBool,
    ends: AtomicUsize,
}

impl ServerControl for One {
    fn is_draining(&self) -> bool {
        false
    }
    fn request_shutdown(&self) {}
    fn server_address(&self) -> Address {
        Address::Unbound
    }
    fn handshake_timeout(&self) -> Option<Duration> {
        Some(LONG)
    }
    fn begin_handshake(&self) -> bool {
        !self.is_busy.swap(true, SeqCst)
    }
    fn end_handshake(&self) {
        self.is_busy.store(false, SeqCst);
        self.ends.fetch_add(1, SeqCst);
    }
}

fn connection() -> Connection {
    let (here, there) = std::os::unix::net::UnixStream::pair().unwrap();
    std::mem::forget(there);
    StreamRequest::connection(&UnixStream::from(here))
}

fn failed() -> HandlerResult {
    Err("what it says itself".into())
}

#[test]
fn meanwhile_the_connection_says_so_and_has_a_deadline_and_then_it_is_what_it_was() {
    let connection = connection();
    connection.set_activity(Activity::Idle);
    let handshaking = Handshaking::begin(Some(connection.clone()), Some(LONG));
    assert_eq!(connection.activity(), Activity::Handshaking);
    assert!(matches!(connection.deadline(), Some((_, Deadline::Handshake))));
    drop(handshaking);
    assert_eq!((connection.activity(), connection.deadline()), (Activity::Idle, None));
}

#[test]
fn a_deadline_that_is_nearer_stays_and_comes_back() {
    let connection = connection();
    for (ahead, is) in [(LONG / 2, Deadline::Request), (LONG * 2, Deadline::Handshake)] {
        let before = Some((Instant::now() + ahead, Deadline::Request));
        connection.set_deadline(before);
        let before = connection.deadline();
        let handshaking = Handshaking::begin(Some(connection.clone()), Some(LONG));
        assert_eq!(connection.deadline().unwrap().1, is);
        drop(handshaking);
        assert_eq!(connection.deadline(), before);
    }
}

#[test]
fn an_error_after_the_time_is_that_it_has_passed_and_what_was_said() {
    let late = Handshaking::begin(Some(connection()), Some(Duration::ZERO));
    let error = late.judge(failed()).unwrap_err();
    assert_eq!(TimedOut::of(&*error).map(|it| it.deadline), Some(Deadline::Handshake));
    assert_eq!(error.to_string(), "the handshake took too long: what it says itself");
    late.judge(Ok(())).unwrap();
}

#[test]
fn one_that_names_a_limit_itself_is_left_as_it_is() {
    let late = Handshaking::begin(Some(connection()), Some(Duration::ZERO));
    let error = late.judge::<()>(Err(TimedOut::new(Deadline::Read).into())).unwrap_err();
    assert_eq!(error.to_string(), "read timed out");
}

#[test]
fn an_error_in_time_is_no_more_than_that() {
    for limit in [Some(LONG), None] {
        let error = Handshaking::begin(Some(connection()), limit).judge(failed()).unwrap_err();
        assert_eq!(error.to_string(), "what it says itself");
    }
}

#[test]
fn a_handler_shakes_hands_if_there_may_be_one_more() {
    let (control, connection) = (One::default(), connection());
    let server = ServerRef::new(&(), &control);
    let name = server.handshake(&connection, || {
        assert_eq!(connection.activity(), Activity::Handshaking);
        let second = server.handshake(&connection, || -> HandlerResult { panic!("there is one already") });
        assert!(second.unwrap_err().is::<TooManyHandshakes>());
        Ok("name")
    });
    assert_eq!(name.unwrap(), "name");
    assert_eq!(control.ends.load(SeqCst), 1, "that of the first");
    assert_eq!((connection.activity(), connection.deadline()), (Activity::InRequest, None));
    assert_eq!(TooManyHandshakes.to_string(), "too many handshakes at once");
}

#[test]
fn a_handler_with_files_shakes_hands_over_them() {
    let (control, connection, mut buffers) = (One::default(), connection(), Buffers::new());
    let server = ServerRef::new(&(), &control);
    let mut cx = StreamContext::new(&connection, &mut buffers, (0, 0), &Address::Unbound, server);
    let shaken = cx.handshake(|cx| Ok(cx.connection().activity()));
    assert_eq!(shaken.unwrap(), Activity::Handshaking);
    assert_eq!(control.ends.load(SeqCst), 1);
}

/// A wire of the user's that a panic spoils.
#[derive(Default)]
struct Cork(AtomicBool);

impl Wire for Cork {
    fn recv(&self, _: &mut [u8]) -> io::Result<usize> {
        self.0.store(true, SeqCst);
        panic!("it is spoilt")
    }
    fn send(&self, _: &[u8]) -> io::Result<usize> {
        Ok(0)
    }
    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        Ok(())
    }
    fn socket(&self) -> Option<&Socket> {
        assert!(!self.0.load(SeqCst), "it was spoilt");
        None
    }
}

#[test]
fn a_wire_that_panics_ends_its_handshake_and_not_the_process() {
    let (control, connection) = (One::default(), Connection::new(Arc::new(Cork::default())));
    let server = ServerRef::new(&(), &control);
    let shaken = guarded(|| server.handshake(&connection, || Ok(connection.recv(&mut [0])?)));
    assert_eq!(shaken.unwrap_err().to_string(), "panicked: it is spoilt");
    assert_eq!(control.ends.load(SeqCst), 1);
}
