//! `TestServer`: several clients at once, each of which sends much, in pieces of any size, and must have the same back.

use super::{OF_DATAGRAMS, server};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reliability::{Client, MIXINS, Sender};
use std::thread;

const CLIENTS: u64 = 8;
const WORDS: u64 = 50;

/// What one client sends, each word of another length. A datagram holds any of them.
fn words(client: u64) -> impl Iterator<Item = String> {
    let mut dice = StdRng::seed_from_u64(client);
    (0..WORDS).map(move |_| (0..dice.random_range(1..900)).map(|_| dice.random_range('a'..='z')).collect())
}

/// All clients at once, each of which says whether a word came back.
fn at_once(clients: Vec<impl FnMut(&str) -> bool + Send>) {
    thread::scope(|scope| {
        for (mut echoes, number) in clients.into_iter().zip(0..) {
            scope.spawn(move || words(number).for_each(|it| assert!(echoes(&it), "client {number}: {it}")));
        }
    });
}

#[test]
fn clients_have_back_what_they_send_over_tcp() {
    for mixin in MIXINS {
        let folder = tempfile::tempdir().unwrap();
        let server = server(mixin, "tcp", folder.path());
        let client = |_| {
            let mut client = Client::connect(server.address);
            move |word: &str| client.echoes(word)
        };
        at_once((0..CLIENTS).map(client).collect());
        assert_eq!(server.stop().completed, CLIENTS, "{mixin}");
    }
}

#[test]
fn clients_have_back_what_they_send_over_unix_sockets() {
    for mixin in MIXINS {
        let folder = tempfile::tempdir().unwrap();
        let server = server(mixin, "unix", folder.path());
        let client = |_| {
            let mut client = Client::try_connect_to(&server.place).unwrap();
            move |word: &str| client.echoes(word)
        };
        at_once((0..CLIENTS).map(client).collect());
        assert_eq!(server.stop().completed, CLIENTS, "{mixin}");
    }
}

#[test]
fn clients_have_back_what_they_send_in_datagrams() {
    for mixin in OF_DATAGRAMS {
        for transport in ["udp", "unixgram"] {
            let folder = tempfile::tempdir().unwrap();
            let server = server(mixin, transport, folder.path());
            let client = |name: u64| {
                let client = Sender::to(&server, &name.to_string()).unwrap();
                move |word: &str| client.echoes(word)
            };
            at_once((0..CLIENTS).map(client).collect());
            assert_eq!(server.stop().completed, CLIENTS * WORDS, "{mixin} {transport}");
        }
    }
}
