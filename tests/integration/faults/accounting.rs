//! What a server counts is what its clients have: under load, ended at random moments.

use super::server;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reliability::{Client, Counts, MIXINS};
use std::{
    collections::BTreeSet,
    env, fs,
    net::SocketAddr,
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Sender, channel},
    },
    thread,
};

const CLIENTS: usize = 8;

/// A number from the environment, or the one that suits CI.
pub(super) fn setting(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

/// Asks for one reply after another until nobody listens; gives those that came whole.
fn visit(address: SocketAddr, ids: &AtomicU64, mut dice: StdRng, tell: Sender<()>) -> BTreeSet<u64> {
    let mut whole = BTreeSet::new();
    while let Ok(mut client) = Client::try_connect(address) {
        for is_last in (0..dice.random_range(1..5)).rev().map(|left| left == 0) {
            let id = ids.fetch_add(1, Relaxed);
            if client.say(&format!("{} {id}", if is_last { "last" } else { "reply" })).is_err() {
                break;
            }
            let Ok(Some(line)) = client.hear() else { break };
            let (said, filling) = line.split_once(' ').expect("an id, and a filling");
            assert_eq!((said.parse(), filling.len()), (Ok(id), 20_000), "a reply to somebody else");
            whole.insert(id);
            let _ = tell.send(()); // the last ones interest nobody
        }
    }
    whole
}

/// One server's life: as many replies as the dice say, then SIGTERM, with much time for what is in progress or none.
fn round(mixin: &str, seed: u64) -> Counts {
    let mut dice = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let grace = if dice.random_bool(0.5) { 0 } else { 60_000 };
    let server =
        server(mixin).with(format!("record={}", record.display())).with(format!("grace={grace}")).start();
    let (address, ids, (tell, told)) = (server.address, AtomicU64::new(0), channel());
    let (whole, counts) = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (dice, tell, ids) = (StdRng::seed_from_u64(dice.random()), tell.clone(), &ids);
                scope.spawn(move || visit(address, ids, dice, tell))
            })
            .collect();
        told.iter().take(dice.random_range(0..100)).for_each(drop);
        let counts = server.stop(); // accepted is what has ended, exactly
        let whole: BTreeSet<_> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        (whole, counts)
    });
    let written = fs::read_to_string(&record).unwrap_or_default();
    let written: BTreeSet<u64> = written.lines().map(|line| line.parse().unwrap()).collect();
    let lost: Vec<_> = written.difference(&whole).collect();
    assert!(lost.is_empty(), "{mixin}, seed {seed}, grace {grace}: {lost:?} were written and not received");
    counts
}

/// `SOCKETSERVER_ROUNDS` is how many, of all mix-ins together; `SOCKETSERVER_SEED` what they begin with.
#[test]
fn every_reply_that_was_written_is_received_and_all_that_was_accepted_has_ended() {
    let seed = setting("SOCKETSERVER_SEED", rand::random::<u32>().into());
    for number in 0..setting("SOCKETSERVER_ROUNDS", 204) {
        for mixin in MIXINS.iter().skip((number % MIXINS.len() as u64) as usize).take(1) {
            round(mixin, seed + number);
        }
    }
}
