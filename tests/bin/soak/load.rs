//! Clients of all kinds, on one server each.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use reliability::{Client, Program};
use socketserver::net::socket2::SockRef;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::Scope,
    time::Duration,
};

/// How many clients each server has at once.
const CLIENTS: usize = 4;

pub(crate) struct Load {
    is_over: Arc<AtomicBool>,
}

impl Load {
    pub(crate) fn begin<'scope>(scope: &'scope Scope<'scope, '_>, servers: &[Program]) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        for (server, seed) in servers.iter().flat_map(|server| (0..CLIENTS).map(move |seed| (server, seed))) {
            let (address, is_over) = (server.address, is_over.clone());
            scope.spawn(move || visit(address, StdRng::seed_from_u64(seed as u64), &is_over));
        }
        Load { is_over }
    }

    /// The clients leave.
    pub(crate) fn end(self) {
        self.is_over.store(true, Relaxed);
    }
}

fn visit(address: SocketAddr, mut dice: StdRng, is_over: &AtomicBool) {
    while !is_over.load(Relaxed) {
        let mut client = Client::connect(address);
        match dice.random_range(0..20) {
            0 => drop(client.say("fail").and_then(|()| client.hear())),
            1 => {
                let _ = client.say("big 1000000"); // and doesn't wait for it
                let _ = SockRef::from(client.0.get_ref()).set_linger(Some(Duration::ZERO));
            }
            2 => {
                // A client that takes its time.
                for letter in "slow".chars() {
                    let _ = std::io::Write::write_all(client.0.get_mut(), &[letter as u8]);
                    std::thread::sleep(Duration::from_millis(5));
                }
                assert_eq!(client.ask("ly"), "slowly");
            }
            _ => assert!((0..dice.random_range(1..6)).all(|_| client.echoes("hello")), "it serves"),
        }
        // So that it is long rather than hard, and leaves ports to others.
        std::thread::sleep(Duration::from_millis(dice.random_range(5..40)));
    }
}
