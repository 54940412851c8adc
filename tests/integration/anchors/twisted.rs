//! Twisted (Python): `test_tcp.py`, where descriptors really run out, in a process whose RLIMIT_NOFILE is low.

use crate::util::wait_for;
use reliability::{Builder, Client, Program, limit_descriptors};

/// So many descriptors may the server have, for itself and for its clients.
const FEW: u64 = 40;
/// So many come when there is none left. The backlog has room for them.
const LATE: usize = 4;

/// A client who has said a word.
fn come(server: &Program) -> Client {
    let mut client = Client::connect(server.address);
    client.say("hello").unwrap();
    client
}

/// By those whose clients are all in one process: they stay, and take all that there are. Nobody is lost; who waits is served when others go.
#[test]
fn when_clients_take_all_descriptors_the_rest_wait_until_others_go() {
    for mixin in ["threading", "pool", "reactor"] {
        // Nothing frees a descriptor but a client that goes.
        let server = Builder::ours(env!("CARGO_BIN_EXE_faults"), mixin).with("idle=600000").start();
        limit_descriptors(server.pid, FEW).unwrap();
        let mut inside = Vec::new();
        while server.logged("can't accept") == 0 {
            inside.push(come(&server));
            wait_for("it to be taken in, or not", || {
                server.logged("can't accept") > 0 || server.counts().accepted as usize == inside.len()
            });
        }
        inside.extend((0..LATE).map(|_| come(&server)));
        let taken = server.counts().accepted as usize;
        let mut late = inside.split_off(taken);
        assert!(taken > 5 && late.len() >= LATE, "{mixin}: {taken} of {}", taken + late.len());
        for client in &mut inside {
            assert_eq!(client.hear().unwrap().as_deref(), Some("hello"), "{mixin}");
        }
        let stay = inside.split_off(late.len());
        drop(inside);
        for client in &mut late {
            assert_eq!(client.hear().unwrap().as_deref(), Some("hello"), "{mixin}");
        }
        let all = taken + late.len();
        for mut client in stay {
            assert!(client.echoes("still there"), "{mixin}");
        }
        drop(late);
        let counts = server.stop();
        assert_eq!((counts.completed as usize, counts.refused), (all, 0), "{mixin}: {counts:?}");
    }
}
