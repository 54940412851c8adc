//! Events that come too late: a worker lost its seat, and served after all what the next one has heard of.

use super::{
    guest::{Guest, Step},
    seat::{Plan, Taken},
    shard::Shard,
    slots::{Awaits, Key},
};
use rustix::event::{Timespec, epoll};
use socketserver_handlers::{Buffers, HandlerResult};
use socketserver_net::{Deadline, StreamRequest, UnixStream};
use std::{
    io::{self, Write},
    os::unix::net,
    time::{Duration, Instant},
};

/// Takes a byte at a time.
struct Bytes(UnixStream);

impl Guest for Bytes {
    fn start(&mut self, _: &mut Buffers) -> Step {
        Step::Park
    }
    fn advance(&mut self, _: &mut Buffers) -> Step {
        assert_eq!(self.0.recv(&mut [0]).unwrap(), 1);
        Step::Park
    }
    fn patience(&self) -> Option<(Duration, Deadline)> {
        None
    }
    fn has_arrived(&self) -> bool {
        self.0.has_arrived()
    }
    fn is_draining(&self) -> bool {
        false
    }
    fn end(self: Box<Self>, _: HandlerResult, _: &mut Buffers) {}
    fn refuse(self: Box<Self>, _: io::Error) {}
}

/// The connection that the only event is about.
fn heard_of(shard: &Shard) -> Key {
    let mut events = Vec::<epoll::Event>::with_capacity(2);
    shard.wait(&mut events, Some(Timespec::default()));
    let keys = events.iter().map(Key::of).filter(|key| *key != Key::WAKE).collect::<Vec<_>>();
    let [key] = keys[..] else { panic!("{keys:?}") };
    key
}

#[track_caller]
fn put_back(shard: &Shard, taken: Taken, term: u64) {
    assert!(shard.put_back(taken, Awaits::Client, term).is_ok());
}

#[test]
fn what_was_served_by_who_had_lost_the_seat_is_looked_at_before_it_is_run() {
    let (here, mut client) = net::UnixStream::pair().unwrap();
    let socket = UnixStream::from(here);
    let (wire, mut buffers) = (socket.connection().downgrade(), Buffers::new());
    let shard = Shard::new(Instant::now()).unwrap();
    assert!(shard.want(), "nobody sits there yet");
    let first = shard.sit();
    assert!(shard.admit(Box::new(Bytes(socket)), wire, 0).is_ok());
    let new = shard.take_queued(&mut None, first).unwrap();
    put_back(&shard, new, first);

    client.write_all(b"a").unwrap();
    let Ok(mut running) = shard.take(heard_of(&shard), first) else { panic!("it waits") };
    assert!(!running.is_doubtful);
    let second = shard.sit();
    let key = heard_of(&shard); // since nobody has read yet
    running.guest.advance(&mut buffers);
    put_back(&shard, running, first);
    let Ok(taken) = shard.take(key, second) else { panic!("it waits again") };
    assert!(taken.is_doubtful && !taken.guest.has_arrived());
    put_back(&shard, taken, second);

    client.write_all(b"b").unwrap();
    let Ok(taken) = shard.take(heard_of(&shard), second) else { panic!("it waits again") };
    assert!(!taken.is_doubtful, "once only");
    put_back(&shard, taken, second);
}

/// One that is new, is in the middle of what comes before its first request, and whose worker has lost the seat to `second`.
fn new_one_of_who_is_not_seated(shard: &Shard) -> (Taken, net::UnixStream, u64, u64) {
    let (here, client) = net::UnixStream::pair().unwrap();
    let socket = UnixStream::from(here);
    let wire = socket.connection().downgrade();
    assert!(shard.want(), "nobody sits there yet");
    let first = shard.sit();
    assert!(shard.admit(Box::new(Bytes(socket)), wire, 0).is_ok());
    let new = shard.take_queued(&mut None, first).unwrap();
    assert!(new.is_new);
    (new, client, first, shard.sit())
}

fn is_woken(shard: &Shard) -> bool {
    let mut events = Vec::<epoll::Event>::with_capacity(2);
    shard.wait(&mut events, Some(Timespec::default()));
    events.iter().any(|event| Key::of(event) == Key::WAKE)
}

#[test]
fn one_that_comes_to_wait_while_all_are_closed_is_swept_by_who_has_the_seat_meanwhile() {
    let shard = Shard::new(Instant::now()).unwrap();
    let (new, _client, first, second) = new_one_of_who_is_not_seated(&shard);
    shard.drain(false);
    assert!(is_woken(&shard));
    assert!(matches!(shard.plan(second), Plan::Wait { timeout: None, .. }), "there is nobody to be closed");
    put_back(&shard, new, first);
    assert!(is_woken(&shard));
    assert!(matches!(shard.plan(second), Plan::Wait { due: Some(_), .. }));
    let Some((swept, result)) = shard.take_due(shard.now(), second) else { panic!("it is closed") };
    assert!(result.is_ok() && !swept.guest.has_arrived());
}

/// Who had the seat has gone home.
#[test]
fn one_that_comes_to_wait_when_nothing_may_any_more_is_given_back() {
    let shard = Shard::new(Instant::now()).unwrap();
    let (new, _client, first, second) = new_one_of_who_is_not_seated(&shard);
    let key = new.key;
    shard.drain(true);
    assert!(matches!(shard.plan(second), Plan::Leave));
    assert!(shard.put_back(new, Awaits::Client, first).is_err());
    shard.remove(key);
    assert!(shard.is_swept());
}
