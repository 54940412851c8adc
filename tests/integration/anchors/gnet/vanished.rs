//! `TestClosedWakeUp`, "write to a closed connection": the peer has gone when it is written to.

use super::{OF_DATAGRAMS, server};
use crate::util::wait_for;
use reliability::{Client, MIXINS, Program, Sender, is_stopped, signal};
use rustix::process::Signal;
use std::io::{Read, Write};

/// It asks for much more than the buffers between us take, and goes when the server is in the middle of that.
fn vanishes<S: Read + Write>(mut client: Client<S>) {
    client.say("big 100000000").unwrap();
    client.0.read_exact(&mut [0; 1000]).unwrap();
}

#[track_caller]
fn is_its_own_end(server: Program, about: &str) {
    wait_for("its end", || server.counts().disconnected == 1);
    assert_eq!(server.logged("ERROR"), 0, "{about}: it is nobody's error");
    let counts = server.stop();
    assert_eq!((counts.accepted, counts.completed), (3, 2), "{about}: {counts:?}");
}

#[test]
fn a_write_to_a_peer_that_has_vanished_ends_its_own_request_only() {
    for mixin in MIXINS {
        for transport in ["tcp", "unix"] {
            let folder = tempfile::tempdir().unwrap();
            let server = server(mixin, transport, folder.path());
            if transport == "tcp" {
                assert!(Client::connect(server.address).echoes("before"), "{mixin}");
                vanishes(Client::connect(server.address));
                assert!(Client::connect(server.address).echoes("after"), "{mixin}");
            } else {
                assert!(Client::try_connect_to(&server.place).unwrap().echoes("before"), "{mixin}");
                vanishes(Client::try_connect_to(&server.place).unwrap());
                assert!(Client::try_connect_to(&server.place).unwrap().echoes("after"), "{mixin}");
            }
            is_its_own_end(server, &format!("{mixin} {transport}"));
        }
    }
}

/// The server is stopped meanwhile, so that the peer has gone before there is a reply.
#[test]
fn a_datagram_to_a_peer_that_has_vanished_hurts_no_other() {
    for mixin in OF_DATAGRAMS {
        for transport in ["udp", "unixgram"] {
            let folder = tempfile::tempdir().unwrap();
            let server = server(mixin, transport, folder.path());
            let stays = Sender::to(&server, "stays").unwrap();
            assert!(stays.echoes("before"), "{mixin} {transport}");
            let mut all = vec![server.pid];
            if mixin == "prefork" {
                wait_for("both processes", || server.children().len() == 2);
                all.extend(server.children());
            }
            all.iter().for_each(|pid| signal(*pid, Signal::STOP).unwrap());
            wait_for("it to stop", || all.iter().all(|pid| is_stopped(*pid)));
            let goes = Sender::to(&server, "goes").unwrap();
            (0..5).for_each(|_| goes.say("hello").unwrap());
            drop(goes);
            stays.say("meanwhile").unwrap();
            all.iter().for_each(|pid| signal(*pid, Signal::CONT).unwrap());
            assert_eq!(stays.hear().unwrap(), "meanwhile", "{mixin} {transport}");
            assert!(stays.echoes("after"), "{mixin} {transport}");
            let counts = server.stop();
            assert_eq!((counts.accepted, counts.ended()), (8, 8), "{mixin} {transport}: {counts:?}");
            // Over UDP nobody hears that a reply wasn't taken.
            let expected = if transport == "udp" { 8 } else { 3 };
            assert_eq!(counts.completed, expected, "{mixin} {transport}: {counts:?}");
        }
    }
}
