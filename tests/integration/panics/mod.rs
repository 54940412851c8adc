//! A panic in any piece of user code ends its own request, once, and the server goes on.

mod places;
mod trap;

use crate::{
    clients::visit,
    util::{Nervous, Recorder, Seen, serve, serve_shared, wait_for},
};
use socketserver::{
    BaseServer, HandlerError, Limit, Outcome, Refusal, Sequential, Server, ThreadingMixIn, prelude::*,
};
use std::{
    net::SocketAddr,
    panic::panic_any,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};
use trap::{Handler, Trap};

/// Two servers with the same trap: one that serves in the loop, one with threads. Their observers panic at all they hear.
fn servers(place: &'static str) -> [(Trap, Recorder, Arc<dyn BaseServer>); 2] {
    let build = |server: fn(Trap, Recorder) -> Arc<dyn BaseServer>| {
        let (trap, recorder) = (Trap::in_(place), Recorder::default());
        (trap.clone(), recorder.clone(), server(trap, recorder))
    };
    fn factory(cx: &socketserver::Context<'_, TcpStream, Trap>) -> Handler {
        cx.server.state().step_on("factory");
        Handler(cx.server.state().clone())
    }
    [
        build(|trap, recorder| {
            let builder = Server::<Tcp, Handler, Sequential, Trap>::builder().handler_factory(factory);
            Arc::new(builder.state(trap).observer(Nervous(recorder)).bind("127.0.0.1:0").unwrap())
        }),
        build(|trap, recorder| {
            let builder = Server::<Tcp, Handler, ThreadingMixIn, Trap>::builder().handler_factory(factory);
            Arc::new(builder.state(trap).observer(Nervous(recorder)).bind("127.0.0.1:0").unwrap())
        }),
    ]
}

/// Every request that began has ended, once.
fn assert_one_end_each(recorder: &Recorder, requests: usize) {
    let seen = recorder.seen();
    let started: Vec<_> =
        seen.iter().filter_map(|it| if let Seen::Started(id, _) = it { Some(*id) } else { None }).collect();
    let mut ended: Vec<_> =
        seen.iter().filter_map(|it| if let Seen::Ended(id, ..) = it { Some(*id) } else { None }).collect();
    ended.sort_unstable();
    assert_eq!((started.len(), &started), (requests, &ended), "{seen:?}");
}

#[test]
fn a_panic_ends_its_own_request_and_no_other() {
    use Outcome::{Completed, Failed, Panicked};
    // The place; how the request ends, if it began; whether it is the hook that is said to have panicked, or the request
    // that is reported as an error; what the client got before.
    type Case = (&'static str, Option<Outcome>, bool, &'static [u8]);
    const CASES: [Case; 17] = [
        ("get_request", None, true, b""),
        ("verify_request", Some(Panicked), false, b""),
        ("process_request", Some(Panicked), true, b""),
        ("process_request, when it is on its way", Some(Completed), true, b"hello"),
        ("finish_request", Some(Panicked), false, b""),
        ("factory", Some(Panicked), false, b""),
        ("timeout", Some(Panicked), false, b""),
        ("wbufsize", Some(Panicked), false, b""),
        ("setup", Some(Panicked), false, b""),
        ("handle", Some(Panicked), false, b""),
        ("finish", Some(Panicked), false, b"hello"),
        ("drop", Some(Panicked), false, b"hello"),
        ("handle_error", Some(Failed), true, b"hello"),
        ("shutdown_request", Some(Completed), true, b"hello"),
        ("close_request", Some(Completed), true, b"hello"),
        ("service_actions", Some(Completed), true, b"hello"),
        ("nowhere", Some(Completed), false, b"hello"),
    ];
    for (place, outcome, is_hooks, answer) in CASES {
        for (trap, recorder, server) in servers(place) {
            let server = serve_shared(server);
            assert_eq!(visit(server.server_address(), b""), answer, "{place}");
            let began = usize::from(outcome.is_some());
            wait_for("its end", || recorder.outcomes().len() == began && server.stats().active == 0);
            assert_eq!(recorder.outcomes().first().copied(), outcome, "{place}");
            wait_for("the trap to spring", || trap.is_sprung() || place == "nowhere");
            assert_eq!(visit(server.server_address(), b""), b"hello", "the server goes on after {place}");
            server.stop().unwrap();
            wait_for("the end of the second", || recorder.outcomes().len() == began + 1);
            assert_one_end_each(&recorder, began + 1);

            let hook = place.split(',').next().unwrap();
            let said = Seen::HookPanicked(hook, format!("in {place}"));
            assert_eq!(
                recorder.seen().iter().filter(|it| **it == said).count(),
                usize::from(is_hooks),
                "{place}"
            );
            let reported = usize::from(outcome == Some(Panicked) && !is_hooks || outcome == Some(Failed));
            assert_eq!(trap.errors.load(SeqCst), reported, "{place}");
        }
    }
}

#[test]
fn a_panic_in_reject_request_still_turns_the_client_away() {
    let (trap, recorder) = (Trap::in_("reject_request"), Recorder::default());
    let server = Server::<Tcp, Handler, Sequential, Trap>::builder().handler_factory(|_| unreachable!());
    let server = server.state(trap.clone()).observer(recorder.clone()).max_connections(Limit::reject(0));
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    assert_eq!((visit(server.server_address(), b""), visit(server.server_address(), b"")), (vec![], vec![]));
    server.stop().unwrap();
    assert_eq!(recorder.outcomes(), [Outcome::Refused(Refusal::MaxConnections); 2]);
    assert!(recorder.seen().contains(&Seen::HookPanicked("reject_request", "in reject_request".into())));
}

#[test]
fn a_panic_in_handle_timeout_is_an_event() {
    let recorder = Recorder::default();
    let server = Server::<Tcp, Handler, Sequential, Trap>::builder().handler_factory(|_| unreachable!());
    let server = server.state(Trap::in_("handle_timeout")).observer(recorder.clone()).timeout(Duration::ZERO);
    let server = server.bind("127.0.0.1:0").unwrap();
    for _ in 0..2 {
        assert_eq!(server.handle_request().unwrap(), socketserver::Handled::TimedOut);
    }
    assert_eq!(recorder.seen(), [Seen::HookPanicked("handle_timeout", "in handle_timeout".into())]);
}

#[test]
fn an_observer_that_panics_disturbs_nobody() {
    let recorder = Recorder::default();
    let server = Server::<Tcp, Handler, ThreadingMixIn, Trap>::builder()
        .handler_factory(|cx| Handler(cx.server.state().clone()))
        .state(Trap::in_("nowhere"))
        .max_connections(Limit::backlog(1))
        .observer(Nervous(recorder.clone()));
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    for _ in 0..3 {
        assert_eq!(visit(server.server_address(), b""), b"hello");
    }
    server.stop().unwrap();
    wait_for("all ends", || recorder.outcomes().len() == 3);
    assert_one_end_each(&recorder, 3);
}

#[test]
fn what_a_server_is_made_of_may_panic_when_it_is_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }
    impl ServerHooks<Tcp> for Bomb {}
    impl socketserver::Observer for Bomb {
        fn event(&self, _: &socketserver::Event<'_>) {}
    }
    #[derive(Default)]
    struct Hello;
    impl StreamRequestHandler<Bomb> for Hello {
        fn handle(&mut self, cx: &mut StreamContext<'_, Bomb>) -> HandlerResult {
            Ok(cx.wfile.write_all(b"hello")?)
        }
    }
    let factory = Bomb;
    let server = Server::<Tcp, Hello, ThreadingMixIn, Bomb>::builder()
        .state(Bomb)
        .observer(Bomb)
        .handler_factory(move |_| {
            let _keeps = &factory;
            Hello
        });
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    assert_eq!(visit(server.server_address(), b""), b"hello");
    server.stop().unwrap(); // and drops it
}

/// What a panic carries may itself panic when it is dropped.
#[test]
fn a_panic_with_a_trapped_payload_is_a_panic_like_others() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }
    #[derive(Default)]
    struct Thrower;
    impl StreamRequestHandler<Thrower> for Thrower {
        fn handle(&mut self, _: &mut StreamContext<'_, Thrower>) -> HandlerResult {
            panic_any(Bomb);
        }
    }
    impl ServerHooks<Tcp> for Thrower {
        fn handle_error(&self, _: &SocketAddr, _: &HandlerError) {
            panic_any(Bomb);
        }
        fn service_actions(&self) {
            panic_any(Bomb);
        }
    }
    let recorder = Recorder::default();
    let server = ThreadingTcpServer::<Thrower, Thrower>::builder().observer(recorder.clone());
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    for _ in 0..2 {
        assert_eq!(visit(server.server_address(), b""), b"");
    }
    wait_for("the ends", || recorder.outcomes().len() == 2);
    assert_eq!(recorder.outcomes(), [Outcome::Panicked, Outcome::Panicked]);
}
