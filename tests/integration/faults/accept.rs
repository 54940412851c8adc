//! accept(2) fails every other time.

use super::{injected, is_concurrent};
use reliability::Client;

const CLIENTS: usize = 6;

/// Each error alone: who is being served doesn't notice, all others are served, and each failure is counted.
fn survives(mixin: &str) {
    for error in ["EMFILE", "ENFILE", "ECONNABORTED", "ENOBUFS", "ENOMEM", "EINTR", "EPROTO"] {
        let Some(server) = injected(mixin, &[&format!("accept4:error={error}:when=2+2")]) else { return };
        let server = server.start();
        let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
        for _ in 0..CLIENTS {
            if let Some(client) = &mut in_flight {
                assert!(client.echoes("still there"), "{mixin} {error}");
            }
            assert!(Client::connect(server.address).echoes("hello"), "{mixin} {error}");
        }
        let clients = CLIENTS + usize::from(in_flight.is_some());
        drop(in_flight);
        server.counts(); // it says so after all that it has logged
        let paused = server.logged("can't accept, trying again in 5ms: ");
        let counts = server.stop();
        assert_eq!(counts.completed, clients as u64, "{mixin} {error}: {counts:?}");
        assert!(counts.accept_errors > 0, "{mixin} {error}: {counts:?}");
        let is_the_systems = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"].contains(&error);
        assert_eq!(paused > 0, is_the_systems, "{mixin} {error}: {paused} pauses");
    }
}

#[test]
fn sequential_survives_every_error_of_accept() {
    survives("sequential");
}

#[test]
fn threading_survives_every_error_of_accept() {
    survives("threading");
}

#[test]
fn a_thread_pool_survives_every_error_of_accept() {
    survives("pool");
}

#[test]
fn forking_survives_every_error_of_accept() {
    survives("forking");
}

#[test]
fn prefork_survives_every_error_of_accept() {
    survives("prefork");
}

#[test]
fn a_reactor_survives_every_error_of_accept() {
    survives("reactor");
}
