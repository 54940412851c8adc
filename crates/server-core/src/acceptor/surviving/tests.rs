//! After a panic: a pause, or an end.

use crate::{
    Accepted, Acceptor, Backlog,
    scripted::{Notes, Script, serve},
};
use std::time::{Duration, Instant};

fn survives(
    acceptor: &mut Acceptor<Script, Notes>,
    until: Option<Instant>,
) -> Option<Accepted<Script, Notes>> {
    acceptor.survive(Box::new("as told"), until)
}

#[test]
fn it_pauses_ever_longer_and_goes_on() {
    let (_server, mut acceptor) = serve(Script::new(), |builder| builder);
    let begun = Instant::now();
    for until in [None, Some(begun + Duration::from_secs(3600))] {
        assert!(survives(&mut acceptor, until).is_none());
    }
    assert!(begun.elapsed() >= Duration::from_millis(5 + 10));
}

#[test]
fn it_comes_back_when_its_time_is_up() {
    let (_server, mut acceptor) = serve(Script::new(), |builder| builder);
    assert!(matches!(survives(&mut acceptor, Some(Instant::now())), Some(Accepted::TimedOut)));
}

#[test]
fn where_the_server_stops_it_stops_and_nobody_is_left_to_be_served() {
    let (server, mut acceptor) = serve(Script::new(), |builder| builder.backlog_at_shutdown(Backlog::Serve));
    std::mem::forget(acceptor.shared.core.begin_serving().unwrap().unwrap());
    drop(server.socket().unwrap().come());
    acceptor.shared.core.request_stop(None);
    assert!(acceptor.is_serving_backlog());
    assert!(matches!(survives(&mut acceptor, None), Some(Accepted::Stopped)));
    assert!(!acceptor.is_serving_backlog());
}
