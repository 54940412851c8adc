//! Clients that never come to an end don't hold up anybody, and have one all the same.

use super::{Client, House, MIXINS, MORE, REPLY};
use crate::util::in_time;
use std::{
    iter,
    time::{Duration, Instant},
};

/// What came of a client that sends for ever.
struct Endless {
    sent: usize,
    /// The longest time that it didn't send.
    silence: Duration,
    /// What the server has counted.
    stats: String,
}

/// A client asks, and sends until it is cut off.
fn sends_for_ever(mixin: &str, setting: &str) -> Endless {
    let house = House::open(mixin, &[setting]);
    let mut client = Client::connect(house.address);
    let (mut sent, mut last, mut silence) = (0, Instant::now(), Duration::ZERO);
    let mut bytes = b"reply\n".to_vec();
    bytes.resize(65536, b'.');
    while client.send(&bytes).is_ok() {
        sent += bytes.len();
        silence = silence.max(last.elapsed());
        last = Instant::now();
        bytes.fill(b'.');
    }
    silence = silence.max(last.elapsed());
    let lines: Vec<_> =
        iter::from_fn(|| Some(house.server.line()).filter(|line| !line.starts_with("ended "))).collect();
    let mut good = Client::connect(house.address);
    good.send(b"reply\n").unwrap();
    assert_eq!(good.rest().unwrap(), REPLY, "{mixin}");
    let stats = house.close();
    // A forked child's own words and its parent's come in no order.
    if mixin != "forking" {
        assert_eq!(lines.contains(&"cut off".into()), stats == counted(1), "{mixin}: {stats}, {lines:?}");
    }
    Endless { sent, silence, stats }
}

fn counted(cut_off: usize) -> String {
    format!("accepted 2 completed 2 failed 0 refused 0 cut off {cut_off} active 0 out {}", 2 * REPLY)
}

#[test]
fn who_sends_for_ever_is_cut_off_after_so_many_bytes() {
    for mixin in MIXINS {
        let Endless { sent, stats, .. } = sends_for_ever(mixin, "bytes");
        assert_eq!(stats, counted(1), "{mixin}");
        assert!(sent >= MORE, "{mixin}: after {sent}");
    }
}

#[test]
fn who_sends_for_ever_is_cut_off_after_so_long() {
    for mixin in MIXINS {
        in_time(Duration::from_secs(1), |time| {
            let Endless { silence, stats, .. } = sends_for_ever(mixin, &format!("time={}", time.as_millis()));
            let is_cut_off = stats == counted(1);
            // On a busy machine it may be taken for one that has nothing more to send.
            assert!(
                is_cut_off || stats == counted(0) && silence >= time / 5,
                "{mixin}: {stats}, {silence:?}"
            );
            is_cut_off
        });
    }
}

/// Neither a loop that runs handlers itself nor a reactor's only worker waits for it.
#[test]
fn others_are_served_while_one_sends_on() {
    for mixin in MIXINS {
        let house = House::open(mixin, &[]);
        let mut endless = Client::connect(house.address);
        endless.send_too_much("reply").unwrap();
        for _ in 0..20 {
            endless.send(&[b'.'; 65536]).unwrap();
            let mut good = Client::connect(house.address);
            good.send(b"reply\n").unwrap();
            assert_eq!(good.rest().unwrap(), REPLY, "{mixin}");
        }
        assert_eq!(endless.rest().unwrap(), REPLY, "{mixin}");
        drop(endless);
        let stats = house.close();
        assert!(
            stats.starts_with("accepted 21 completed 21 failed 0 refused 0 cut off 0 active 0"),
            "{mixin}: {stats}"
        );
    }
}
