//! Every way to write a handler, on every transport.

use crate::{kinds, upper_clients::converse, util::serve_shared};
use socketserver::{BaseServer, LogObserver, ThreadPoolMixIn};
use std::{sync::Arc, thread};

#[test]
fn every_kind_of_handler_runs_on_every_transport() {
    for kind in kinds::ALL {
        let place = tempfile::tempdir().unwrap();
        let mixin = ThreadPoolMixIn::default().min_workers(1).max_workers(4);
        let server: Arc<dyn BaseServer> =
            kinds::pooled(kind, mixin, LogObserver, place.path()).unwrap().into();
        let server = serve_shared(server);
        let address = server.server_address();
        for client in 0..3 {
            converse(kind.1, &address, place.path(), &client.to_string());
        }
        thread::scope(|clients| {
            for client in ["a", "b", "c", "d", "e", "f"] {
                let (address, place) = (&address, place.path());
                clients.spawn(move || converse(kind.1, address, place, client));
            }
        });
        server.server_close();
        let (stats, clients) = (server.stats(), 9);
        let accepted = if kind.1 == "tcp" || kind.1 == "unix" { clients } else { clients * 3 };
        assert_eq!((stats.accepted, stats.completed, stats.active), (accepted, accepted, 0), "{kind:?}");
        assert_eq!(server.fileno(), -1);
    }
}
