//! Ending the server while workers serve, wait, and have just been woken.

use super::house::{Client, House, bound, served, served_with, threads_called};
use crate::{
    subject,
    util::{GUARD, Recorder, finishes, serve, serve_shared, wait_for},
};
use socketserver::{
    HandlerFn, MixIn, Outcome, PeerAddress, Server, ServerError, ThreadPoolMixIn, prelude::*,
};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

fn mixin() -> ThreadPoolMixIn {
    ThreadPoolMixIn::default().min_workers(1).max_workers(4)
}

#[test]
fn serving_ends_though_a_worker_is_busy_and_closing_waits_for_it() {
    let server = served(mixin().thread_name("Waiter"));
    let address = server.server_address();
    let mut client = Client::connect(address);
    client.ask("who");
    server.shutdown();
    assert_eq!(client.ask("drain?"), "true");
    wait_for("the idle to leave", || threads_called("Waiter") == 1);

    let close = thread::spawn({
        let server = server.clone();
        move || server.server_close()
    });
    wait_for("the listening socket to be closed", || std::net::TcpStream::connect(address).is_err());
    assert!(!close.is_finished(), "the worker is with its client");
    assert_eq!(client.ask("drain?"), "true");
    client.leave();
    finishes("server_close", move || close.join().unwrap());
    wait_for("the system to forget it", || threads_called("Waiter") == 0);
    // Who looked whether it was closed may have waited in the backlog, and was turned away.
    let stats = server.stats();
    assert_eq!((stats.accepted - stats.refused_by.draining, stats.completed), (1, 1));
}

#[test]
fn a_server_that_has_stopped_can_serve_again_beside_those_who_are_busy() {
    let server = Arc::new(bound(ThreadPoolMixIn::default().workers(2), |it| it));
    let mut old = Vec::new();
    for round in 0..3 {
        let serving = serve_shared(server.clone());
        let mut client = Client::connect(server.server_address());
        client.ask("who");
        old.push(client);
        serving.stop().unwrap();
        assert_eq!(server.stats().active, round + 1);
    }
    // None of the earlier workers accepts: what comes now waits.
    old.remove(0).leave();
    wait_for("it to end", || server.stats().active == 2);
    let mut late = Client::connect(server.server_address());
    late.say("who");
    assert_eq!(server.stats().accepted, 3);
    let serving = serve_shared(server.clone());
    assert!(late.hear().starts_with("worker-"));
    drop((late, old));
    serving.stop().unwrap();
    finishes("server_close", move || server.server_close());
}

#[test]
fn a_shutdown_with_a_deadline_says_who_finished_and_who_was_forced() {
    let recorder = Recorder::default();
    let server = served_with(mixin(), |it| it.observer(recorder.clone()));
    let mut clients: Vec<_> = (0..3).map(|_| Client::connect(server.server_address())).collect();
    clients.iter_mut().for_each(|client| drop(client.ask("who")));
    let handle = server.handle();
    let shutdown = thread::spawn(move || handle.shutdown(GUARD));
    wait_for("the stop", || server.handle().is_draining());
    clients.pop().unwrap().leave();
    wait_for("its end", || server.stats().active == 2);
    assert_eq!(server.handle().shutdown(Duration::ZERO).forced, 2, "the deadline is now");
    let report = shutdown.join().unwrap();
    assert_eq!((report.drained, report.forced), (1, 2));
    clients.into_iter().for_each(|mut client| assert_eq!(client.hear(), ""));
    finishes("serving", move || server.join()).unwrap();
    assert_eq!(recorder.outcomes(), [Outcome::Completed; 3]);
}

#[test]
fn a_handler_may_stop_its_server() {
    let server = served(mixin());
    let mut client = Client::connect(server.server_address());
    client.say("stop");
    wait_for("the end, though the handler goes on", || !server.handle().is_serving());
    assert_eq!(client.ask("drain?"), "true");
    client.leave();
    server.join().unwrap();
}

/// Hooks run on the workers, too, and waiting for the end there would be waiting for oneself.
#[test]
fn a_hook_may_stop_its_server() {
    #[derive(Default)]
    struct Stops(std::sync::OnceLock<socketserver::Handle>);
    impl ServerHooks<Tcp> for Stops {
        fn verify_request(&self, _: &TcpStream, _: &SocketAddr) -> bool {
            self.0.get().unwrap().shutdown(Duration::from_secs(3600));
            true
        }
    }
    let closure = |_: &mut StreamContext<'_, Stops>| Ok(());
    let server =
        Server::<Tcp, HandlerFn<_>, ThreadPoolMixIn, Stops>::bind_fn("127.0.0.1:0", closure).unwrap();
    server.state().0.set(server.handle()).unwrap();
    let server = serve(server);
    Client::connect(server.server_address()).leave();
    finishes("serving", move || server.join()).unwrap();
}

/// The listening socket breaks: one worker notices, all end, and the server says why.
#[test]
fn a_socket_that_is_broken_ends_the_server_with_all_its_workers() {
    #[derive(Default)]
    struct Breaks(AtomicBool);
    impl ServerHooks<Tcp> for Breaks {
        fn get_request(&self, transport: &Tcp) -> io::Result<(TcpStream, PeerAddress<Tcp>)> {
            use socketserver::Transport;
            let request = transport.get_request()?;
            if self.0.load(SeqCst) { Err(io::Error::from_raw_os_error(9)) } else { Ok(request) }
        }
    }
    let closure = |_: &mut StreamContext<'_, Breaks>| Ok(());
    let server = Server::<Tcp, HandlerFn<_>, ThreadPoolMixIn, Breaks>::builder()
        .mixin(ThreadPoolMixIn::default().workers(4).thread_name("Broken"))
        .handler_factory(move |_| HandlerFn::new(closure))
        .bind("127.0.0.1:0")
        .unwrap();
    let server = serve(server);
    Client::connect(server.server_address()).leave();
    server.state().0.store(true, SeqCst);
    let _client = Client::connect(server.server_address());
    let error = server.join().unwrap_err();
    assert!(matches!(error, ServerError::Accept { .. }), "{error}");
    wait_for("no worker to be left", || threads_called("Broken") == 0);
}

#[test]
fn closing_a_server_that_never_served_or_twice_does_nothing() {
    let server = bound(mixin(), |it| it);
    server.server_close();
    server.server_close();
    assert_eq!(server.mixin().threads(), 0);
    assert!(server.mixin().is_ready());
    drop(server);
    let server = served(mixin());
    Client::connect(server.server_address()).leave();
    server.shutdown();
    server.server_close();
    server.server_close();
    assert_eq!(server.mixin().threads(), 0);
    let _: &House = server.state();
}

/// Start and stop in all orders, with clients and without.
#[test]
fn stops_at_any_moment() {
    for round in 0..50 {
        let server = served(ThreadPoolMixIn::default().min_workers(1 + round % 4).max_workers(4));
        let client = (round % 2 == 0).then(|| Client::connect(server.server_address()));
        client.iter().for_each(Client::finish);
        server.server_close();
        let ended = finishes("serving", move || server.join());
        assert!(matches!(ended, Ok(()) | Err(ServerError::Closed)), "{ended:?}"); // it may not have begun
    }
}

#[test]
fn nothing_stays_behind() {
    let (status, lines) = subject::start(&["pool", "leftovers"]).end();
    assert!(status.success(), "{status}: {lines:?}");
}

/// The system gives only so many threads: the pool goes on with those it has, and tries again.
#[test]
fn threads_that_can_not_be_started_are_told_and_done_without() {
    if crate::util::tool("strace").is_none() {
        return;
    }
    let by = reliability::Injection::of(&["clone3:error=EAGAIN:when=3..4"]);
    let (status, lines) = subject::start_under(&by, &["pool", "scarce"]).end();
    assert!(status.success(), "{status}: {lines:?}");
}
