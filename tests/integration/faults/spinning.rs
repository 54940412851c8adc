//! A call of the loop fails each time, and not for lack of descriptors: it doesn't spin meanwhile, it goes on when that is over, and it
//! ends when it is told to.

use super::{OF_DATAGRAMS, datagrams, is_concurrent, server, started};
use crate::util::{tool, wait_for};
use reliability::{Client, MIXINS, Program, Sender, Tracer, Usage, children_of, signal};
use rustix::process::Signal;
use std::{
    thread,
    time::{Duration, Instant},
};

const STRETCH: Duration = Duration::from_millis(1500);

/// How often calls may fail in a second, for each who accepts. Who pauses after each failure is far below; after an error that might be
/// this client's alone there is a pause only after every 64, of up to 160 ms, which makes 530, and the thread that waits for signals receives,
/// too, 200 times. One that spins makes many thousand; fewer on a busy machine, where this then finds less.
const OFTEN: f64 = 1000.0;

/// How many accept at the same time. A pool begins with two threads; two worker processes have such a pool each, and all three processes wait for signals.
fn acceptors(mixin: &str) -> f64 {
    match mixin {
        "pool" => 2.0,
        "prefork" => 5.0,
        _ => 1.0,
    }
}

/// While the fault lasts.
fn rests(server: &Program, tracer: &Tracer, mixin: &str, what: &str) {
    let failures = || tracer.injection.seen().values().sum::<u64>();
    wait_for("the call to fail", || failures() > 0);
    let (usage, before, begun) = (Usage::of(server.pid), failures(), Instant::now());
    thread::sleep(STRETCH); // it is what is measured
    let (share, per_second) = (usage.share(), (failures() - before) as f64 / begun.elapsed().as_secs_f64());
    println!("{what}: {share:.3} of a CPU, {per_second:.0} failures a second");
    assert!(share < 0.25, "{what} took {share} of a CPU");
    assert!(per_second < OFTEN * acceptors(mixin), "{what} failed {per_second} times a second");
}

/// Who comes meanwhile says so and stays; afterwards all are served.
fn accepts_again_and_ends(fault: &str) {
    if tool("strace").is_none() {
        return;
    }
    for mixin in MIXINS {
        let what = format!("{mixin} {fault}");
        let server = started(mixin, server(mixin));
        let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
        assert!(in_flight.as_mut().is_none_or(|client| client.echoes("hello")), "{what}");
        let tracer = Tracer::attach(&server, &[fault]);
        let mut late = Client::connect(server.address);
        late.say("late").unwrap();
        rests(&server, &tracer, mixin, &what);
        drop(tracer);
        assert_eq!(late.hear().unwrap().as_deref(), Some("late"), "{what}");
        drop(late); // there may be only one place
        assert!(in_flight.as_mut().is_none_or(|client| client.echoes("still there")), "{what}");
        assert!(Client::connect(server.address).echoes("new"), "{what}");
        let tracer = Tracer::attach(&server, &[fault]);
        let last = Client::connect(server.address);
        wait_for("the call to fail", || !tracer.injection.seen().is_empty());
        drop((in_flight, last));
        server.stop();
    }
}

#[test]
fn accepting_that_never_succeeds_takes_no_time() {
    accepts_again_and_ends("accept4:error=ENOMEM:when=1+");
}

#[test]
fn clients_that_are_gone_without_end_take_no_time() {
    accepts_again_and_ends("accept4:error=ECONNABORTED:when=1+");
}

#[test]
fn waiting_that_never_succeeds_takes_no_time() {
    const NO_WAIT: &str = "ppoll,epoll_pwait:error=ENOMEM:when=1+";
    if tool("strace").is_none() {
        return;
    }
    for mixin in MIXINS {
        let server = started(mixin, server(mixin));
        let tracer = Tracer::attach(&server, &[NO_WAIT]);
        drop(Client::connect(server.address)); // who waits already doesn't fail
        rests(&server, &tracer, mixin, mixin);
        drop(tracer);
        assert!(Client::connect(server.address).echoes("hello"), "{mixin}");
        let tracer = Tracer::attach(&server, &[NO_WAIT]);
        drop(Client::connect(server.address));
        wait_for("the call to fail", || !tracer.injection.seen().is_empty());
        server.stop();
    }
}

#[test]
fn datagrams_that_cant_be_received_take_no_time() {
    if tool("strace").is_none() {
        return;
    }
    for mixin in OF_DATAGRAMS {
        for error in ["ENOMEM", "ECONNREFUSED"] {
            let what = format!("{mixin} {error}");
            let fault = format!("recvfrom,recvmmsg:error={error}:when=1+");
            let folder = tempfile::tempdir().unwrap();
            let server = started(mixin, datagrams(mixin, "udp", folder.path()));
            let client = Sender::to(&server, "client").unwrap();
            let tracer = Tracer::attach(&server, &[&fault]);
            client.say("late").unwrap();
            rests(&server, &tracer, mixin, &what);
            drop(tracer);
            assert_eq!(client.hear().unwrap(), "late", "{what}");
            assert!(client.echoes("new"), "{what}");
            let tracer = Tracer::attach(&server, &[&fault]);
            client.say("last").unwrap();
            wait_for("the call to fail", || !tracer.injection.seen().is_empty());
            server.terminate();
            drop(tracer);
            server.stop();
        }
    }
}

/// Nor does one who looks after worker processes and can't have another.
#[test]
fn a_process_that_cant_be_replaced_takes_no_time() {
    if tool("strace").is_none() {
        return;
    }
    let server = started("prefork", server("prefork"));
    let tracer = Tracer::attach(&server, &["clone3,clone:error=EAGAIN:when=1+"]);
    signal(server.children()[0], Signal::KILL).unwrap();
    rests(&server, &tracer, "prefork", "prefork without a process");
    assert!(Client::connect(server.address).echoes("hello"));
    drop(tracer);
    wait_for("it to be replaced", || children_of(server.pid).len() == 2);
    server.stop();
}
