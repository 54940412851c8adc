//! Who was turned away and doesn't close takes no place from others: he is read on beside those who may be inside.

use super::{Client, House, REPLY};
use crate::util::wait_for;
use std::io::Read;

/// Those that take somebody in while somebody is inside.
const MIXINS: [&str; 5] = ["threading", "pool", "forking", "prefork", "reactor"];

/// How a reply begins, and what is said to who is turned away.
const SERVED: u8 = b'x';
const REFUSED: u8 = b'!';

impl Client {
    /// The beginning of what it is told. The rest is more than it takes at once, so the server isn't done with it.
    #[track_caller]
    fn first_word(&mut self) -> u8 {
        let mut word = [0];
        self.0.read_exact(&mut word).expect("a word");
        word[0]
    }
}

/// Somebody who stays inside until he says something.
fn inside(house: &House, last: u8) -> Client {
    let mut client = Client::connect_from(last, house.address);
    client.send(b"later\n").unwrap();
    house.server.after("inside");
    client
}

/// Clients who are told that they are turned away, and don't close.
#[track_caller]
fn refused(house: &House, last: u8, clients: usize) -> Vec<Client> {
    let refuse = |_| {
        let mut client = Client::connect_from(last, house.address);
        assert_eq!(client.first_word(), REFUSED);
        client
    };
    (0..clients).map(refuse).collect()
}

/// Somebody is served who comes after those; he may have to come twice, if who was inside is gone since a moment only.
fn somebody_is_served(house: &House, last: u8) {
    wait_for("somebody to be served", || {
        let mut client = Client::connect_from(last, house.address);
        client.send(b"reply\n").unwrap();
        let word = client.first_word();
        assert_eq!(client.rest().unwrap(), REPLY - 1);
        word == SERVED
    });
}

/// They could still send something, and what they have been told arrives.
#[track_caller]
fn are_still_heard(refused: Vec<Client>, mixin: &str) {
    for mut client in refused {
        client.send(&[b'.'; 1000]).unwrap();
        assert_eq!(client.rest().unwrap_or_else(|error| panic!("{mixin}: {error}")), REPLY - 1, "{mixin}");
    }
}

#[test]
fn when_somebody_leaves_the_next_is_served_though_others_were_turned_away_before() {
    for mixin in MIXINS {
        let house = House::open(mixin, &["at-most=1", "processes=1"]);
        let mut first = inside(&house, 1);
        let refused = refused(&house, 1, 5);
        first.send(b"now\n").unwrap();
        assert_eq!(first.rest().unwrap(), REPLY, "{mixin}");
        drop(first);
        somebody_is_served(&house, 1);
        are_still_heard(refused, mixin);
        let stats = house.close();
        assert!(stats.contains(" completed 2 failed 0 refused "), "{mixin}: {stats}");
        assert!(stats.contains(" cut off 0 active 0 "), "{mixin}: {stats}");
    }
}

/// There is room for two at once, and for one of each address: more of the same come in to be told so.
#[test]
fn one_address_that_is_turned_away_again_and_again_leaves_room_to_the_others() {
    for mixin in MIXINS {
        let house = House::open(mixin, &["room=2", "per-peer=1", "processes=1"]);
        let mut first = inside(&house, 2);
        let refused = refused(&house, 2, 5);
        somebody_is_served(&house, 3);
        first.send(b"now\n").unwrap();
        assert_eq!(first.rest().unwrap(), REPLY, "{mixin}");
        drop(first);
        somebody_is_served(&house, 2); // they don't count as his address's one either
        are_still_heard(refused, mixin);
        let stats = house.close();
        assert!(stats.contains(" completed 3 failed 0 refused "), "{mixin}: {stats}");
        assert!(stats.contains(" cut off 0 active 0 "), "{mixin}: {stats}");
    }
}

/// No limit counts them, so there is one for them.
#[test]
fn of_those_who_were_turned_away_so_many_are_heard_and_no_more() {
    const HEARD: usize = 64;
    for mixin in MIXINS {
        let house = House::open(mixin, &["reject", "processes=1"]);
        let refused = refused(&house, 1, HEARD + 6);
        (0..6).for_each(|_| drop(house.server.after("cut off")));
        drop(refused);
        let stats = house.close();
        let accepted = HEARD + 6;
        let expected =
            format!("accepted {accepted} completed 0 failed 0 refused {accepted} cut off 6 active 0 ");
        assert!(stats.starts_with(&expected), "{mixin}: {stats}");
    }
}
