//! What a server counts is what its clients have: under load, ended at random moments.

use super::{OF_DATAGRAMS, datagrams, is_concurrent, server};
use crate::util::wait_for;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reliability::{Client, Counts, MIXINS, Program, Sender};
use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Read, Write},
    path::Path,
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

const CLIENTS: usize = 8;
const FILLING: usize = 20_000;

/// What SIGTERM leaves to requests, in milliseconds: more than they need, or none, or so little that it cuts through them.
const MUCH: u64 = 60_000;
fn grace(round: u64, dice: &mut StdRng) -> u64 {
    match round % 3 {
        0 => 0,
        1 => MUCH,
        _ => dice.random_range(1..50),
    }
}

/// A number from the environment, or the one that suits CI.
pub(super) fn setting(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

/// Of one server's life, or the sums of several.
#[derive(Debug, Default)]
struct Account {
    /// Replies that a handler has written, that a client has got whole.
    written: usize,
    whole: usize,
    /// Lives that ended with somebody inside, who was forced; who was given time.
    forced: u64,
    drained: u64,
}

/// What clients have.
#[derive(Debug, Default)]
struct Had {
    connections: u64,
    whole: BTreeSet<u64>,
}

/// Asks for one reply after another until nobody listens.
fn visit<S: Read + Write>(
    connect: impl Fn() -> io::Result<Client<S>>,
    ids: &AtomicU64,
    mut dice: StdRng,
    tell: &mpsc::Sender<()>,
) -> Had {
    let mut had = Had::default();
    while let Ok(mut client) = connect() {
        had.connections += 1;
        for is_last in (0..dice.random_range(1..5)).rev().map(|left| left == 0) {
            let id = ids.fetch_add(1, Relaxed);
            if client.say(&format!("{} {id}", if is_last { "last" } else { "reply" })).is_err() {
                break;
            }
            let Ok(Some(line)) = client.hear() else { break };
            let (said, filling) = line.split_once(' ').expect("an id, and a filling");
            assert_eq!((said.parse(), filling.len()), (Ok(id), FILLING), "a reply to somebody else");
            had.whole.insert(id);
            let _ = tell.send(()); // the last ones interest nobody
        }
    }
    had
}

/// Asks for more than it takes, so that somebody is inside when a server is ended: a child has finished a reply by when it is killed.
fn deaf(server: &Program, transport: &str) -> Box<dyn std::any::Any> {
    fn say<S: Read + Write + 'static>(mut client: Client<S>) -> Box<dyn std::any::Any> {
        client.say("big 30000000").unwrap();
        client.0.read_exact(&mut [0; 1000]).unwrap();
        Box::new(client)
    }
    match transport {
        "unix" => say(Client::try_connect_to(&server.place).unwrap()),
        _ => say(Client::connect(server.address)),
    }
}

/// The clients of a server, from its beginning until after its end.
fn visits(server: Program, transport: &str, seed: u64) -> (Vec<Had>, Counts) {
    let (ids, (tell, told)) = (AtomicU64::new(0), mpsc::channel());
    let mut dice = StdRng::seed_from_u64(seed);
    let (address, place) = (server.address, server.place.clone());
    thread::scope(|scope| {
        let start = |dice, tell: mpsc::Sender<()>| {
            let (ids, place) = (&ids, &place);
            scope.spawn(move || match transport {
                "unix" => visit(|| Client::try_connect_to(place), ids, dice, &tell),
                _ => visit(|| Client::try_connect(address), ids, dice, &tell),
            })
        };
        let clients: Vec<_> =
            (0..CLIENTS).map(|_| start(StdRng::seed_from_u64(dice.random()), tell.clone())).collect();
        told.iter().take(dice.random_range(1..100)).for_each(drop);
        let counts = server.stop(); // accepted is what has ended, exactly
        (clients.into_iter().map(|client| client.join().unwrap()).collect(), counts)
    })
}

/// One server's life: as many replies as the dice say, then SIGTERM, with so much time for what is in progress.
fn round(mixin: &str, transport: &str, seed: u64, grace: u64, sum: &mut Account) {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let server = server(mixin).with(format!("record={}", record.display())).with(format!("grace={grace}"));
    let path = folder.path().join("server");
    let server = server.with(format!("transport={transport}"));
    let server = if transport == "unix" { server.with(format!("path={}", path.display())) } else { server };
    let server = server.start();
    let deaf = (grace < MUCH && is_concurrent(mixin)).then(|| deaf(&server, transport));
    let (had, counts) = visits(server, transport, seed);
    let whole: BTreeSet<_> = had.iter().flat_map(|had| &had.whole).copied().collect();
    let connections = had.iter().map(|had| had.connections).sum::<u64>() + u64::from(deaf.is_some());
    let about = format!("{mixin} {transport}, seed {seed}, grace {grace}, {counts:?}");

    let written = written(&record);
    let lost: Vec<_> = written.difference(&whole).collect();
    assert!(lost.is_empty(), "{about}: {lost:?} were written and not received");
    // A handler that is ended by force between writing a reply and noting that has no time for the latter.
    let unnoted = whole.difference(&written).count();
    assert!(
        unnoted == 0 || grace < MUCH && unnoted <= CLIENTS,
        "{about}: {unnoted} were received and not written"
    );
    assert!(counts.accepted <= connections, "{about}: there were {connections} connections");
    assert!(counts.completed + counts.failed + counts.disconnected > 0, "{about}");
    sum.written += written.len();
    sum.whole += whole.len();
    sum.forced += u64::from(counts.forced > 0);
    sum.drained += u64::from(grace == MUCH && counts.forced == 0);
}

fn written(record: &Path) -> BTreeSet<u64> {
    let written = fs::read_to_string(record).unwrap_or_default();
    written.lines().map(|line| line.parse().unwrap()).collect()
}

/// `SOCKETSERVER_ROUNDS` is how many, of all mix-ins together; `SOCKETSERVER_SEED` what they begin with.
fn every_reply_is_received(transport: &str, rounds: u64) {
    let seed = setting("SOCKETSERVER_SEED", rand::random::<u32>().into());
    let each = setting("SOCKETSERVER_ROUNDS", rounds).div_ceil(MIXINS.len() as u64);
    for (mixin, number) in MIXINS.into_iter().zip(0..) {
        let mut sum = Account::default();
        for round_number in 0..each {
            let seed = seed + number * each + round_number;
            let grace = grace(round_number, &mut StdRng::seed_from_u64(seed));
            round(mixin, transport, seed, grace, &mut sum);
        }
        println!("{mixin} {transport}, {each} rounds from seed {seed}: {sum:?}");
        assert!(sum.written as u64 > each && sum.whole >= sum.written, "{mixin} {transport}: {sum:?}");
        assert_eq!(sum.drained, (each + 1) / 3, "{mixin} {transport}: {sum:?}");
        assert!(
            each < 20 || sum.forced > 0,
            "{mixin} {transport}, seed {seed}: nobody was ever inside, {sum:?}"
        );
    }
}

#[test]
fn every_reply_that_was_written_is_received_and_all_that_was_accepted_has_ended() {
    every_reply_is_received("tcp", 204);
}

#[test]
fn on_unix_sockets_too() {
    every_reply_is_received("unix", 120);
}

/// On one machine no datagram is lost if there is room for it, and so each that the server has answered is one that a client has.
#[test]
fn every_datagram_that_was_answered_has_its_reply() {
    let rounds = setting("SOCKETSERVER_ROUNDS", 100).div_ceil(OF_DATAGRAMS.len() as u64);
    let seed = setting("SOCKETSERVER_SEED", rand::random::<u32>().into());
    for (mixin, round) in
        OF_DATAGRAMS.into_iter().flat_map(|mixin| (0..rounds).map(move |round| (mixin, round)))
    {
        let mut dice = StdRng::seed_from_u64(seed + round);
        let grace = grace(round, &mut dice);
        let folder = tempfile::tempdir().unwrap();
        let server = datagrams(mixin, "udp", folder.path()).with(format!("grace={grace}")).start();
        let clients: Vec<_> = (0..CLIENTS).map(|it| Sender::to(&server, &it.to_string()).unwrap()).collect();
        let mut heard = 0;
        for number in 0..dice.random_range(1..40) {
            clients.iter().for_each(|client| client.say(&format!("reply {number}")).unwrap());
            // Some are awaited, so that the others are there all at once, and few enough for the server's buffer.
            if number % 8 == 7 {
                wait_for("replies", || {
                    heard +=
                        clients.iter().map(|it| it.all_that_is_there().unwrap().len() as u64).sum::<u64>();
                    heard >= (number - 1) * CLIENTS as u64
                });
            }
        }
        let counts = server.stop();
        heard += clients.iter().map(|it| it.all_that_is_there().unwrap().len() as u64).sum::<u64>();
        let about = format!("{mixin}, seed {}, grace {grace}: {heard} replies, {counts:?}", seed + round);
        // A child or a worker process that is ended by force may have sent its reply.
        assert!(heard >= counts.completed && heard <= counts.completed + counts.failed, "{about}");
        // Who was still in the socket is refused; what was received is answered if there is time.
        assert!(grace < MUCH || counts.accepted == counts.completed + counts.refused, "{about}");
    }
}
