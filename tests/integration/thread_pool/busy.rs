//! That clients wait because all workers are busy doesn't go unsaid.

use super::house::{Client, Ear, Told, served_with};
use crate::util::{GUARD, wait_for};
use socketserver::ThreadPoolMixIn;
use std::time::Duration;

#[test]
fn a_pool_that_is_busy_says_so_again_and_again_and_when_it_is_over() {
    let (ear, told) = Ear::new();
    let mixin = ThreadPoolMixIn::default().workers(2).busy_alarm(Duration::ZERO);
    let server = served_with(mixin, |it| it.observer(ear));
    let mut first = Client::connect(server.server_address());
    first.ask("who");
    assert!(told.try_recv().is_err(), "one is free");
    let mut second = Client::connect(server.server_address());
    second.ask("who");
    let Told::Busy(2, earlier) = told.recv_timeout(GUARD).unwrap() else { panic!("both are busy") };
    let Told::Busy(2, later) = told.recv_timeout(GUARD).unwrap() else { panic!("they still are") };
    assert!(later >= earlier + Duration::from_secs(1));

    second.leave();
    let told_last = loop {
        match told.recv_timeout(GUARD).unwrap() {
            Told::Busy(..) => {}
            other => break other,
        }
    };
    let Told::Free(after) = told_last else { panic!("{told_last:?}") };
    assert!(after >= later);
}

#[test]
fn a_pool_that_is_busy_for_a_moment_says_nothing() {
    let (ear, told) = Ear::new();
    let mixin = ThreadPoolMixIn::default().workers(1).busy_alarm(GUARD);
    let server = served_with(mixin, |it| it.observer(ear));
    for _ in 0..50 {
        Client::connect(server.server_address()).leave();
    }
    server.server_close();
    drop(server); // and with it the ear
    assert_eq!(told.into_iter().count(), 0);
}

#[test]
fn a_pool_says_nothing_if_nothing_is_to_be_said() {
    let (ear, told) = Ear::new();
    let server = served_with(ThreadPoolMixIn::default().workers(1).busy_alarm(None), |it| it.observer(ear));
    let mut client = Client::connect(server.server_address());
    client.ask("who");
    wait_for("it to be busy", || server.stats().active == 1);
    client.leave();
    drop(server);
    assert_eq!(told.into_iter().count(), 0);
}

/// The alarm is for a pool that can't grow.
#[test]
fn a_pool_that_grows_is_not_busy() {
    let (ear, told) = Ear::new();
    let mixin = ThreadPoolMixIn::default().min_workers(1).max_workers(4).busy_alarm(Duration::ZERO);
    let server = served_with(mixin, |it| it.observer(ear));
    let mut clients: Vec<_> = (0..3).map(|_| Client::connect(server.server_address())).collect();
    clients.iter_mut().for_each(|client| drop(client.ask("who")));
    clients.into_iter().for_each(Client::leave);
    drop(server);
    assert_eq!(told.into_iter().count(), 0);
}
