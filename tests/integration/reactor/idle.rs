//! Silence between two requests, and its limits.

use super::house::{Client, House, Lines, builder};
use crate::util::{Recorder, in_time, serve, wait_for};
use socketserver::{Deadline, Outcome, ReactorMixIn, prelude::*};
use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::{Duration, Instant},
};

const IDLE: Duration = Duration::from_millis(200);

#[test]
fn those_who_are_silent_for_too_long_are_closed_and_only_they() {
    in_time(IDLE, |idle| {
        let recorder = Recorder::default();
        let server = builder(&recorder).mixin(ReactorMixIn::default().workers(2)).idle_timeout(idle);
        let server = serve(server.bind("127.0.0.1:0").unwrap());
        let address = server.server_address();

        let mut busy = Client::connect(address);
        busy.send("block\n");
        wait_for("it to block, or to be too late", || {
            server.state().at_the_door.load(SeqCst) == 1 || server.stats().timed_out == 1
        });
        let begun = Instant::now();
        let mut silent: Vec<_> = (0..20).map(|_| Client::connect(address)).collect();
        // One half has asked, the other never.
        let mut asking = silent.iter_mut().step_by(2);
        let all_asked = asking.all(|client| client.asks_in_time("hello", "1 hello", begun, idle));
        if !all_asked || server.state().at_the_door.load(SeqCst) == 0 {
            server.state().open();
            return false;
        }
        silent.into_iter().for_each(Client::expect_end);
        assert!(begun.elapsed() >= idle);
        wait_for("the ends", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Idle); 20]);
        wait_for("the last to be counted", || server.stats().active <= 1); // which comes after its end is told
        assert_eq!(server.stats().active, 1, "a request isn't silence");

        let before = Instant::now();
        server.state().open();
        assert_eq!(busy.hear(), "1 block");
        busy.expect_end();
        assert!(before.elapsed() >= idle, "counted from the end of the request");
        wait_for("the last", || server.stats().timed_out == 21);
        true
    });
}

#[test]
fn a_client_that_keeps_asking_is_kept() {
    let recorder = Recorder::default();
    let server = builder(&recorder).mixin(ReactorMixIn::default().workers(1)).idle_timeout(IDLE);
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let mut client = Client::connect(server.server_address());
    let (begun, mut number, mut last) = (Instant::now(), 0, Instant::now());
    while begun.elapsed() < IDLE * 4 {
        number += 1;
        let asked = Instant::now();
        let _ = client.0.get_mut().write_all(b"hello\n"); // what is wrong is heard
        match client.try_hear() {
            Ok(reply) if reply == format!("{number} hello") => last = asked,
            // A machine that is so busy that we were silent ourselves. The server's time has begun later than when we asked last, but who
            // knows how long before we heard the answer.
            ended => return assert!(last.elapsed() >= IDLE, "{ended:?}"),
        }
        std::thread::sleep(IDLE / 20); // its pace
    }
    assert_eq!(recorder.outcomes(), []);
}

/// As where a thread waits for the next request.
#[test]
fn the_handlers_own_time_limit_holds_while_it_waits() {
    static MILLIS: AtomicU64 = AtomicU64::new(0);
    #[derive(Default)]
    struct Impatient(Lines);
    impl KeepAliveRequestHandler<House> for Impatient {
        fn handle_one_request(&mut self, cx: &mut StreamContext<'_, House>) -> HandlerResult<KeepAlive> {
            self.0.handle_one_request(cx)
        }
        fn timeout(&self) -> Option<Duration> {
            Some(Duration::from_millis(MILLIS.load(SeqCst)))
        }
    }
    for idle_timeout in [None, Some(Duration::from_secs(3600))] {
        in_time(IDLE / 4, |limit| {
            MILLIS.store(limit.as_millis() as u64, SeqCst);
            let recorder = Recorder::default();
            let server = ReactorTcpServer::<Impatient, House>::builder().observer(recorder.clone());
            let server = serve(server.idle_timeout(idle_timeout).bind("127.0.0.1:0").unwrap());
            let begun = Instant::now();
            let mut client = Client::connect(server.server_address());
            if !client.asks_in_time("hello", "1 hello", begun, limit) {
                return false;
            }
            client.expect_end();
            assert!(begun.elapsed() >= limit);
            wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Read)]);
            true
        });
    }
}

/// Connections that come and go leave nothing behind in the list of deadlines, and the nearest deadline is met.
#[test]
fn a_deadline_is_met_though_many_later_ones_were_set() {
    in_time(IDLE, |idle| {
        let recorder = Recorder::default();
        let server = builder(&recorder).mixin(ReactorMixIn::default().workers(1)).idle_timeout(idle);
        let server = serve(server.bind("127.0.0.1:0").unwrap());
        let silent = Client::connect(server.server_address());
        for _ in 0..500 {
            let begun = Instant::now();
            let mut client = Client::connect(server.server_address());
            if !client.asks_in_time("quit", "1 quit", begun, idle) {
                return false;
            }
            client.expect_end();
        }
        silent.expect_end();
        wait_for("the ends", || recorder.outcomes().len() == 501);
        let timed_out = recorder.outcomes().into_iter().filter(|it| *it != Outcome::Completed);
        assert_eq!(timed_out.collect::<Vec<_>>(), [Outcome::TimedOut(Deadline::Idle)]);
        true
    });
}
