//! gunicorn (Python): `test_arbiter.py`, `test_signal_integration.py`. A server in a process of its own is sent signals.

use crate::{
    subject::{self, Subject},
    util::wait_for,
};
use reliability::{Client, MIXINS};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::net::SocketAddr;

struct Arbiter {
    subject: Subject,
    pid: Pid,
    address: SocketAddr,
    mixin: &'static str,
}

impl Arbiter {
    fn start(mixin: &'static str, settings: &[&str]) -> Self {
        let subject = subject::start(&[&["signalled", mixin], settings].concat());
        let pid = Pid::from_raw(subject.after("pid ").parse().unwrap()).unwrap();
        let address = subject.after("serving ").parse().unwrap();
        Arbiter { subject, pid, address, mixin }
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// A client that is in a request.
    fn active(&self) -> Client {
        let mut client = Client::connect(self.address);
        assert_eq!(client.ask("hold"), "hold", "{}", self.mixin);
        client
    }

    /// Waits until that request knows that the server stops.
    fn is_heard(&self, client: &mut Client) {
        wait_for("the signal to be heard", || {
            client.say("stops?").unwrap();
            let heard = client.hear();
            assert!(matches!(heard, Ok(Some(_))), "{}: {heard:?}", self.mixin);
            heard.unwrap().as_deref() == Some("true")
        });
    }

    /// That request comes to its end, and its connection with it, in order.
    fn finishes(&self, mut client: Client) {
        assert_eq!(client.ask("go"), "go", "{}", self.mixin);
        assert_eq!(client.hear().unwrap(), None, "{}", self.mixin);
    }

    /// So it has ended, by itself.
    #[track_caller]
    fn ended(self, counts: &str) {
        let (status, lines) = self.subject.end();
        assert_eq!(status.code(), Some(0), "{}: {status}, {lines:?}", self.mixin);
        assert_eq!(lines.last().map(String::as_str), Some(counts), "{}", self.mixin);
    }
}

const FINISHED: &str = "accepted 1 ended 1 completed 1 forced 0 active 0";

/// `test_graceful_shutdown_sigterm`, with an active request.
#[test]
fn sigterm_lets_an_active_request_finish() {
    for mixin in MIXINS {
        let arbiter = Arbiter::start(mixin, &[]);
        let mut client = arbiter.active();
        arbiter.signal(Signal::TERM);
        arbiter.is_heard(&mut client);
        arbiter.finishes(client);
        arbiter.ended(FINISHED);
    }
}

/// `test_graceful_shutdown_sigint`.
#[test]
fn sigint_lets_an_active_request_finish() {
    for mixin in MIXINS {
        let arbiter = Arbiter::start(mixin, &[]);
        let mut client = arbiter.active();
        arbiter.signal(Signal::INT);
        arbiter.is_heard(&mut client);
        arbiter.finishes(client);
        arbiter.ended(FINISHED);
    }
}

/// Both of them send it to all processes of the group, as a terminal does.
#[test]
fn a_signal_to_the_whole_group_lets_an_active_request_finish() {
    for mixin in MIXINS {
        for signal in [Signal::TERM, Signal::INT] {
            let arbiter = Arbiter::start(mixin, &["group"]);
            let mut client = arbiter.active();
            kill_process_group(arbiter.pid, signal).unwrap();
            arbiter.is_heard(&mut client);
            arbiter.finishes(client);
            arbiter.ended(FINISHED);
        }
    }
}

/// "double TERM": none of them is more urgent than the first.
#[test]
fn sigterm_twice_is_as_good_as_once() {
    for mixin in MIXINS {
        let arbiter = Arbiter::start(mixin, &[]);
        let mut client = arbiter.active();
        arbiter.signal(Signal::TERM);
        arbiter.is_heard(&mut client);
        for again in [Signal::TERM, Signal::INT, Signal::TERM] {
            arbiter.signal(again);
            assert_eq!(client.ask("stops?"), "true", "{mixin}");
        }
        arbiter.finishes(client);
        arbiter.ended(FINISHED);
    }
}

/// "TERM then QUIT": there is time, until it is taken.
#[test]
fn sigquit_after_sigterm_ends_an_active_request_by_force() {
    for mixin in MIXINS {
        let arbiter = Arbiter::start(mixin, &["quit"]);
        let mut client = arbiter.active();
        arbiter.signal(Signal::TERM);
        arbiter.is_heard(&mut client);
        arbiter.signal(Signal::QUIT);
        is_cut_off(client, mixin);
        arbiter.ended("accepted 1 ended 1 completed 0 forced 1 active 0");
    }
}

#[test]
fn a_request_that_outstays_the_grace_of_sigterm_is_ended_by_force() {
    for mixin in MIXINS {
        let arbiter = Arbiter::start(mixin, &["grace=100"]);
        let client = arbiter.active();
        arbiter.signal(Signal::TERM);
        is_cut_off(client, mixin);
        arbiter.ended("accepted 1 ended 1 completed 0 forced 1 active 0");
    }
}

/// It sees an end, or a reset; it isn't left to wait.
#[track_caller]
fn is_cut_off(mut client: Client, mixin: &str) {
    match client.hear() {
        Ok(None) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{mixin}"),
        Ok(Some(line)) => panic!("{mixin}: {line}"),
    }
}

/// A supervisor that is impatient may send it when the server has ended, too: what the program does then isn't cut off.
#[test]
fn sigterm_after_the_end_doesnt_hurt_what_the_program_does_then() {
    for mixin in MIXINS {
        let mut arbiter = Arbiter::start(mixin, &["after"]);
        drop(arbiter.active());
        for _ in 0..2 {
            arbiter.signal(Signal::TERM);
        }
        arbiter.subject.after("on its own");
        arbiter.signal(Signal::TERM);
        arbiter.subject.tell("go on");
        arbiter.ended("still there");
    }
}

/// Signals that come while it starts aren't lost: gunicorn queues them.
#[test]
fn a_signal_before_it_serves_ends_it_as_soon_as_it_does() {
    for mixin in MIXINS {
        for signals in [&[Signal::TERM][..], &[Signal::TERM, Signal::INT, Signal::TERM]] {
            let mut arbiter = Arbiter::start(mixin, &["late"]);
            signals.iter().for_each(|signal| arbiter.signal(*signal));
            arbiter.subject.tell("now");
            arbiter.ended("accepted 0 ended 0 completed 0 forced 0 active 0");
        }
    }
}
