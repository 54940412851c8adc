//! Every way to write a handler, on every transport.

use super::house::signal;
use crate::{kinds, subject, upper_clients::converse};
use rustix::process::Signal;
use socketserver::Address;
use std::thread;

#[test]
fn every_kind_of_handler_runs_on_every_transport() {
    for (kind, transport) in kinds::ALL {
        let place = tempfile::tempdir().unwrap();
        let settings = [format!("kind={kind},{transport}"), format!("place={}", place.path().display())];
        let server = subject::start(&["prefork", &settings[0], &settings[1]]);
        let serving = server.after("serving ");
        let address = match serving.parse() {
            Ok(inet) => Address::Inet(inet),
            Err(_) => Address::Unix(place.path().join(format!("{kind}-{transport}")).into()),
        };
        for client in 0..3 {
            converse(transport, &address, place.path(), &client.to_string());
        }
        thread::scope(|clients| {
            for client in ["a", "b", "c", "d", "e", "f"] {
                let (address, place) = (&address, place.path());
                clients.spawn(move || converse(transport, address, place, client));
            }
        });
        signal(server.pid(), Signal::TERM);
        let (status, lines) = server.end();
        assert!(status.success(), "{status}");
        let accepted = if transport == "tcp" || transport == "unix" { 9 } else { 27 };
        let counts = format!(
            "accepted {accepted} ended {accepted} completed {accepted} failed 0 disconnected 0 active 0"
        );
        assert_eq!(lines.last(), Some(&counts), "{kind} {transport}: {lines:?}");
        assert!(
            !place.path().join(format!("{kind}-{transport}")).exists(),
            "the parent removes its socket file"
        );
    }
}
