//! What comes before the first request and after the last: it has as long as a request, and a client that never asks holds up no end.
//! By other mix-ins it is the same.

use super::house::Client;
use crate::util::{GUARD, Recorder, in_time, serve_shared, wait_for};
use socketserver::{
    BaseServer, Deadline, MixIn, Outcome, ReactorMixIn, Runs, Sequential, ThreadPoolMixIn, ThreadingMixIn,
    kind, prelude::*,
};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

/// Of a request, and of silence.
const LIMIT: Duration = Duration::from_millis(100);

/// More than any buffers hold.
const MUCH: usize = 32 << 20;

/// Whether `setup` asks clients for their names.
struct AsksNames(bool);
impl ServerHooks<Tcp> for AsksNames {}

/// Says farewell: much of it, to who wishes so.
#[derive(Default)]
struct Formal {
    says_much: bool,
}

impl KeepAliveRequestHandler<AsksNames> for Formal {
    fn setup(&mut self, cx: &mut StreamContext<'_, AsksNames>) -> HandlerResult {
        if cx.server.state().0 {
            cx.rfile.read_line(&mut String::new())?;
        }
        Ok(())
    }
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, AsksNames>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        self.says_much |= line.contains("much");
        cx.wfile.write_all(line.as_bytes())?;
        Ok(if line.contains("quit") { KeepAlive::No } else { KeepAlive::Yes })
    }
    fn handle_shutdown(&mut self, cx: &mut StreamContext<'_, AsksNames>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"goodbye\n")?)
    }
    fn finish(&mut self, cx: &mut StreamContext<'_, AsksNames>) -> HandlerResult {
        let farewell = if self.says_much { "farewell\n".repeat(MUCH / 9) } else { "farewell\n".into() };
        Ok(cx.wfile.write_all(farewell.as_bytes())?)
    }
}

type Make = fn(AsksNames, Option<Duration>, &Recorder) -> Arc<dyn BaseServer>;

fn make<M>(mixin: M, state: AsksNames, limit: Option<Duration>, recorder: &Recorder) -> Arc<dyn BaseServer>
where
    M: MixIn + Runs<kind::KeepAlive>,
{
    let builder =
        TcpServer::<Formal, M, AsksNames>::builder().mixin(mixin).state(state).observer(recorder.clone());
    Arc::new(builder.request_timeout(limit).idle_timeout(limit).bind("127.0.0.1:0").unwrap())
}

/// The last has no thread but the one that is held up.
const MIXINS: [(&str, Make); 5] = [
    ("sequential", |state, limit, recorder| make(Sequential, state, limit, recorder)),
    ("threading", |state, limit, recorder| make(ThreadingMixIn::default(), state, limit, recorder)),
    ("pool", |state, limit, recorder| make(ThreadPoolMixIn::default(), state, limit, recorder)),
    ("reactor", |state, limit, recorder| make(ReactorMixIn::default().workers(2), state, limit, recorder)),
    ("one thread", |state, limit, recorder| {
        make(ReactorMixIn::default().workers(1).max_workers(1), state, limit, recorder)
    }),
];

fn address(server: &dyn BaseServer) -> SocketAddr {
    server.server_address().as_inet().expect("a TCP server")
}

/// Somebody who keeps to the rules is served, though he may need some tries where the machine is busy: he has limits, too.
fn serves(server: &dyn BaseServer) {
    wait_for("a good client to be served", || {
        let mut client = Client::connect(address(server));
        client.0.get_mut().write_all(b"name\nhello\n").is_ok()
            && client.try_hear().is_ok_and(|it| !it.is_empty())
    });
}

#[test]
fn a_setup_that_waits_for_its_client_has_the_time_of_a_request() {
    for (name, make) in MIXINS {
        let recorder = Recorder::default();
        let server = serve_shared(make(AsksNames(true), Some(LIMIT), &recorder));
        let begun = Instant::now();
        Client::connect(address(&**server)).expect_end();
        assert!(begun.elapsed() >= LIMIT, "{name}");
        wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Request)]);

        let mut dribbles = Client::connect(address(&**server));
        while dribbles.0.get_mut().write_all(b"x").is_ok() {
            std::thread::sleep(LIMIT / 50); // its pace
        }
        wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Request); 2]);
        serves(&**server);
    }
}

/// After a request it is part of that; after a silence, however long, it has time of its own.
#[test]
fn a_finish_that_writes_to_who_doesnt_read_has_the_time_of_a_request() {
    for (name, make) in MIXINS {
        in_time(LIMIT, |limit| {
            let recorder = Recorder::default();
            let server = serve_shared(make(AsksNames(false), Some(limit), &recorder));
            let mut deaf = Vec::new();
            let mut was_slow = false;
            for (ends, expected) in [
                ("much and quit\n", Deadline::Request),
                ("much, and finishes\n", Deadline::Request),
                ("much, and is silent\n", Deadline::Idle),
            ] {
                let mut client = Client::connect(address(&**server));
                let _ = client.0.get_mut().write_all(ends.as_bytes()); // where the machine is busy it may be too late
                if ends.contains("finishes") {
                    let _ = client.0.get_ref().shutdown(std::net::Shutdown::Write);
                }
                deaf.push(client);
                wait_for("the end", || recorder.outcomes().len() == deaf.len());
                let outcome = *recorder.outcomes().last().unwrap();
                // There the server may be too slow for its own request, too.
                let limits = [expected, Deadline::Idle, Deadline::Request].map(Outcome::TimedOut);
                assert!(limits.contains(&outcome), "{name}, {ends}: {outcome:?}");
                was_slow |= !limits[..2].contains(&outcome);
            }
            serves(&**server);
            !was_slow
        });
    }
}

#[test]
fn who_was_silent_for_too_long_hears_what_finish_says() {
    for (name, make) in MIXINS {
        in_time(LIMIT, |limit| {
            let recorder = Recorder::default();
            let server = serve_shared(make(AsksNames(false), Some(limit), &recorder));
            let begun = Instant::now();
            let mut client = Client::connect(address(&**server));
            let heard = client.hear();
            let is_in_time = heard == "farewell";
            // Where the machine is so busy that `finish` has used up its own time, too, there is nothing to hear.
            assert!(is_in_time || heard.is_empty() && begun.elapsed() >= 2 * limit, "{name}: {heard}");
            if is_in_time {
                client.expect_end();
            }
            wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Idle)]);
            is_in_time
        });
    }
}

#[test]
fn clients_that_connect_and_never_ask_hold_up_no_drain() {
    for (name, make) in MIXINS {
        let recorder = Recorder::default();
        let server = serve_shared(make(AsksNames(false), None, &recorder));
        let count = match name {
            "sequential" => 1,
            "pool" => 2,
            _ => 100,
        };
        let clients: Vec<_> = (0..count).map(|_| Client::connect(address(&**server))).collect();
        wait_for("them to be taken in", || server.stats().active == count);
        let report = server.handle().shutdown(GUARD);
        assert_eq!((report.drained, report.forced), (count, 0), "{name}: {report:?}");
        assert!(report.elapsed < GUARD, "{name}: {report:?}");
        for mut client in clients {
            assert_eq!((client.hear(), client.hear()), ("goodbye".into(), "farewell".into()), "{name}");
            client.expect_end();
        }
        assert_eq!(recorder.outcomes(), vec![Outcome::Completed; count], "{name}");
    }
}
