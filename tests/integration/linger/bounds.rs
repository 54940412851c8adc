//! Clients that never come to an end don't hold up anybody, and have one all the same.

use super::{Client, House, MIXINS, REPLY};

/// A client asks, and sends until it is cut off.
fn is_cut_off(mixin: &str, setting: &str) {
    let house = House::open(mixin, &[setting]);
    let mut client = Client::connect(house.address);
    client.send_too_much("reply").unwrap();
    while client.send(&[b'.'; 65536]).is_ok() {}
    // A forked child's own words and its parent's come in no order.
    if mixin != "forking" {
        house.server.after("cut off");
    }
    house.server.after("ended ");
    let mut good = Client::connect(house.address);
    good.send(b"reply\n").unwrap();
    assert_eq!(good.rest().unwrap(), REPLY, "{mixin}");
    let stats = house.close();
    let expected = format!("accepted 2 completed 2 failed 0 refused 0 cut off 1 active 0 out {}", 2 * REPLY);
    assert_eq!(stats, expected, "{mixin}");
}

#[test]
fn who_sends_for_ever_is_cut_off_after_so_many_bytes() {
    MIXINS.iter().for_each(|mixin| is_cut_off(mixin, "bytes"));
}

#[test]
fn who_sends_for_ever_is_cut_off_after_so_long() {
    MIXINS.iter().for_each(|mixin| is_cut_off(mixin, "time"));
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
