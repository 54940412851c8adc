//! Clients that send requests ahead, who have their turn as others have theirs, and end with the server.

use super::{
    greedy::{Greedy, shop, work},
    house::Client,
};
use crate::util::{GUARD, Recorder, wait_for};
use socketserver::Outcome;
use std::sync::atomic::Ordering::SeqCst;

/// A buffer holds so many pieces of work at most, those included of which it holds an end.
fn buffer() -> usize {
    8192 / work().len() + 1
}

/// A turn is a millisecond, of which so many pieces of work may be a part, and what is done between two looks at the clock.
const TURN: usize = 50 + 2 * 16;

#[test]
fn who_has_sent_much_ahead_is_served_in_turns() {
    let server = shop(1, None, &Recorder::default());
    let [mut ahead, mut other] = [(); 2].map(|()| Client::connect(server.server_address()));
    wait_for("both to wait", || server.mixin().parked() == 2);
    ahead.say("wait");
    server.state().wait_for_someone_at_the_door();
    ahead.send(&work().repeat(400)); // there is room for it in the sockets
    other.say("worked");
    server.state().open();
    let before_the_other: usize = other.hear().parse().unwrap();
    assert!(before_the_other <= 2 * TURN, "{before_the_other} were served first");
    (0..=400).for_each(|number| assert_eq!(ahead.hear(), number.to_string()));
    assert_eq!(other.ask("worked"), "400");
}

/// As many as there are threads, and more.
#[test]
fn clients_that_always_have_more_to_ask_keep_nobody_out() {
    for threads in [1, 2] {
        let recorder = Recorder::default();
        let server = shop(threads, None, &recorder);
        let address = server.server_address();
        let greedy: Vec<_> = (0..=threads).map(|_| Greedy::connect(address)).collect();
        server.state().wait_for_more_work(500);
        let mut old = Client::connect(address);
        for number in 0..20 {
            assert_eq!(old.ask("hello"), number.to_string());
            assert_eq!(Client::connect(address).ask("hello"), "0", "who has just come is served, too");
        }
        assert!(greedy.iter().all(|greedy| !greedy.has_ended()));
        server.handle().shutdown(GUARD);
        assert!(
            greedy.into_iter().map(Greedy::heard).all(|(replies, _)| replies > 0),
            "they are served, too"
        );
    }
}

/// They are waited for no longer than what has been read of them takes.
#[test]
fn clients_that_always_have_more_to_ask_hold_up_no_drain() {
    for threads in [1, 2] {
        let recorder = Recorder::default();
        let server = shop(threads, None, &recorder);
        let greedy: Vec<_> = (0..3).map(|_| Greedy::connect(server.server_address())).collect();
        let mut idle = Client::connect(server.server_address());
        assert_eq!(idle.ask("hello"), "0");
        server.state().wait_for_more_work(500);
        let report = server.handle().shutdown(GUARD);
        assert_eq!((report.drained, report.forced), (4, 0), "{report:?}");
        assert!(report.elapsed < GUARD, "{report:?}");
        assert_eq!(idle.hear(), "goodbye");
        idle.expect_end();

        let heard: Vec<_> = greedy.into_iter().map(Greedy::heard).collect();
        for (_, others) in &heard {
            assert_eq!(*others, ["goodbye"], "behind replies that are whole");
        }
        let replies: usize = heard.iter().map(|(replies, _)| replies).sum();
        assert_eq!(replies, server.state().worked.load(SeqCst), "what was done has been received");
        let more = server.state().worked.load(SeqCst) - server.state().worked_before_stop.load(SeqCst);
        assert!(more <= 3 * 2 * buffer(), "{more} done after the stop");
        wait_for("the ends", || recorder.outcomes() == [Outcome::Completed; 4]);
    }
}

/// No more than two buffers of it: the one that had been read, and the one that was being read.
#[test]
fn what_had_been_read_when_the_server_stops_is_served_and_little_else() {
    let half = buffer() / 2;
    for (sent, least, most) in [(half, half, half), (400, 1, 2 * buffer())] {
        let server = shop(1, None, &Recorder::default());
        let mut ahead = Client::connect(server.server_address());
        ahead.send(&format!("wait\n{}", work().repeat(sent)));
        server.state().wait_for_someone_at_the_door();
        server.handle().request_shutdown();
        server.state().open();
        let lines: Vec<_> =
            std::iter::from_fn(|| Some(ahead.hear()).filter(|line| !line.is_empty())).collect();
        let (goodbye, replies) = lines.split_last().unwrap();
        assert_eq!(goodbye, "goodbye");
        assert!(replies.iter().enumerate().all(|(number, line)| *line == number.to_string()), "{replies:?}");
        let served = server.state().worked.load(SeqCst);
        assert_eq!(replies.len(), 1 + served, "each is answered");
        assert!((least..=most).contains(&served), "{served} of {sent}");
    }
}
