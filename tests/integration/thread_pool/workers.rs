//! What a worker is: the thread that accepts is the one that serves, and it outlives whatever a handler does.

use super::house::{Client, bound, served, served_with, threads_called};
use crate::util::{Recorder, wait_for};
use socketserver::{Handled, Outcome, ThreadPoolMixIn};
use std::{thread, time::Duration};

#[test]
fn who_accepts_serves() {
    let server = served(ThreadPoolMixIn::default().workers(4));
    for _ in 0..20 {
        Client::connect(server.server_address()).leave();
    }
    let house = server.state();
    assert_eq!(*house.verified_by.lock(), *house.served_by.lock());
    assert!(!house.served_by.lock().contains(&thread::current().id()));
}

#[test]
fn a_worker_survives_its_handlers() {
    let recorder = Recorder::default();
    let server = served_with(ThreadPoolMixIn::default().workers(1), |it| it.observer(recorder.clone()));
    let mut first = Client::connect(server.server_address());
    let worker = first.ask("who");
    first.leave();
    for word in ["panic", "fail", "panic", "panic"] {
        assert_eq!(Client::connect(server.server_address()).ask(word), "", "{word}");
    }
    assert_eq!(Client::connect(server.server_address()).ask("who"), worker);
    assert_eq!(server.mixin().threads(), 1);
    server.stop().unwrap();
    use Outcome::{Completed, Failed, Panicked};
    wait_for("all ends", || recorder.outcomes().len() == 6);
    assert_eq!(recorder.outcomes(), [Completed, Panicked, Failed, Panicked, Panicked, Completed]);
}

#[test]
fn threads_have_the_name_and_the_stack_that_they_were_given() {
    let mixin = ThreadPoolMixIn::default().workers(3).thread_name("Kellner").stack_size(64 * 1024);
    let server = served(mixin);
    assert!(Client::connect(server.server_address()).ask("who").starts_with("Kellner-"));
    wait_for("all to be there", || threads_called("Kellner") == 3);
    server.server_close();
    wait_for("the system to forget them", || threads_called("Kellner") == 0);
}

/// There, too, nothing is handed over; and several threads may do it at once.
#[test]
fn handle_request_serves_in_place() {
    let server = bound(ThreadPoolMixIn::default().workers(2), |it| it.timeout(Duration::from_secs(30)));
    let address = server.server_address();
    thread::scope(|threads| {
        let clients: Vec<_> =
            (0..2).map(|_| threads.spawn(move || Client::connect(address).ask("who"))).collect();
        let servers: Vec<_> = ["here", "there"]
            .map(|name| {
                let code = || server.handle_request().map(|handled| (handled, thread::current().id()));
                thread::Builder::new().name(name.into()).spawn_scoped(threads, code).unwrap()
            })
            .into_iter()
            .map(|thread| thread.join().unwrap().unwrap())
            .collect();
        let mut heard: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        heard.sort();
        assert_eq!(heard, ["here", "there"]);
        assert!(servers.iter().all(|(handled, _)| *handled == Handled::Request));
        let mut by: Vec<_> = server.state().served_by.lock().clone();
        by.retain(|id| servers.iter().any(|(_, server)| server == id));
        assert_eq!(by.len(), 2);
    });
    assert_eq!(server.mixin().threads(), 0);
}

/// `service_actions` is called by the serving thread alone while there is nothing to do, however many workers there are.
#[test]
fn idle_workers_do_not_tick() {
    let mixin = ThreadPoolMixIn::default().workers(8);
    let server = served_with(mixin, |it| it.poll_interval(Duration::from_millis(1)));
    wait_for("some ticks", || server.state().ticked_by.lock().len() >= 50);
    let ticked_by = server.state().ticked_by.lock().clone();
    assert!(ticked_by.iter().all(|id| *id == ticked_by[0]));
}
