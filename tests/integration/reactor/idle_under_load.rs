//! Time limits of those who wait, while others leave the threads no moment of rest.

use super::{
    greedy::{Greedy, WORK, shop},
    house::{Client, builder},
};
use crate::util::{Recorder, in_time, serve, wait_for};
use socketserver::{Deadline, Outcome, ReactorMixIn};
use std::{
    io::Write,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

const IDLE: Duration = Duration::from_millis(200);

/// Clients who come, ask and go, one after another.
fn come_and_go(address: SocketAddr, is_over: &AtomicBool) {
    while !is_over.load(SeqCst) {
        let mut client = Client::connect(address);
        let _ = client.0.get_mut().write_all(b"hello\n"); // on a busy machine it may have been silent for too long, too
        let _ = client.try_hear();
    }
}

/// More of them than are closed in one go.
#[test]
fn those_who_are_silent_are_closed_though_there_is_always_something_to_do() {
    for threads in [1, 2] {
        in_time(IDLE, |idle| are_closed(threads, idle));
    }
}

/// False if the machine is so busy that all others were silent for too long, too.
fn are_closed(threads: usize, idle: Duration) -> bool {
    let recorder = Recorder::default();
    let server = shop(threads, Some(idle), &recorder);
    let (address, is_over) = (server.server_address(), AtomicBool::new(false));
    // As many as threads, and some more to do for each.
    let greedy: Vec<_> = (0..2 * threads).map(|_| Greedy::connect(address)).collect();
    let have_ended = || greedy.iter().all(Greedy::has_ended);
    let wait_for_more_work = || {
        let before = server.state().worked.load(SeqCst);
        wait_for("more work", || server.state().worked.load(SeqCst) >= before + 100 || have_ended());
    };
    wait_for_more_work();
    thread::scope(|scope| {
        (0..2).for_each(|_| drop(scope.spawn(|| come_and_go(address, &is_over))));
        let begun = Instant::now();
        let silent: Vec<_> = (0..150).map(|_| Client::connect(address)).collect();
        for client in silent {
            assert_eq!(client.0.get_ref().peek(&mut [0]).unwrap(), 0, "the end, and no goodbye");
        }
        assert!(begun.elapsed() >= idle);
        wait_for_more_work(); // the others go on
        is_over.store(true, SeqCst);
    });
    let is_idle = |it: &Outcome| *it == Outcome::TimedOut(Deadline::Idle);
    wait_for("the ends", || recorder.outcomes().iter().filter(|it| is_idle(it)).count() >= 150);
    // However long that was by the clock: what can be done in three times their limit is more than enough.
    let worked = server.state().worked_beside_silent.load(SeqCst) as u128;
    assert!(worked < 3 * (idle.as_micros() / WORK.as_micros()), "{worked} done meanwhile");
    !have_ended()
}

/// Their limits have passed when the thread comes to look, and their requests are there: more of them than it hears of at once.
#[test]
fn requests_that_came_in_time_are_served_however_late() {
    let recorder = Recorder::default();
    let idle = IDLE * 5;
    let mixin = ReactorMixIn::default().workers(1).max_workers(1);
    let server = serve(builder(&recorder).mixin(mixin).idle_timeout(idle).bind("127.0.0.1:0").unwrap());
    let mut clients: Vec<_> = (0..200).map(|_| Client::connect(server.server_address())).collect();
    let [mut blocks, silent] = [(); 2].map(|()| Client::connect(server.server_address()));
    wait_for("all to wait", || server.mixin().parked() == 202 || !recorder.outcomes().is_empty());
    let _ = blocks.0.get_mut().write_all(b"block\n");
    wait_for("the thread to be kept", || {
        server.state().at_the_door.load(SeqCst) == 1 || !recorder.outcomes().is_empty()
    });
    if !recorder.outcomes().is_empty() {
        return server.state().open(); // a machine so busy that we were silent ourselves
    }
    clients.iter_mut().for_each(|client| client.say("hello"));
    thread::sleep(idle); // their limits pass
    server.state().open();
    clients.iter_mut().for_each(|client| assert_eq!(client.hear(), "1 hello"));
    assert_eq!(blocks.hear(), "1 block");
    silent.expect_end();
    wait_for("the end", || recorder.outcomes().first() == Some(&Outcome::TimedOut(Deadline::Idle)));
}
