//! The system lacks memory: to wait, to receive, to send.

use super::{DATAGRAMS, OF_DATAGRAMS, datagrams, is_concurrent, server, started};
use crate::util::{tool, wait_for};
use reliability::{Client, MIXINS, Program, Sender, Tracer};

/// To wait now and then; never. By its manual epoll_wait(2) never lacks it.
const NO_WAIT: [&str; 2] = ["ppoll,epoll_pwait:error=ENOMEM:when=2+2", "ppoll:error=ENOMEM:when=1+"];
/// So often it must have been lacked before a test has shown anything.
const OFTEN: u64 = 10;

#[test]
fn a_loop_that_lacks_the_memory_to_wait_serves_all_the_same() {
    if tool("strace").is_none() {
        return;
    }
    for mixin in MIXINS {
        for faults in NO_WAIT {
            let server = server(mixin).inject(&[faults]).start();
            let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
            let mut clients = u64::from(in_flight.is_some());
            while clients < 5 || server.injection.seen().values().sum::<u64>() < OFTEN {
                assert!(in_flight.as_mut().is_none_or(|client| client.echoes("hello")), "{mixin} {faults}");
                assert!(Client::connect(server.address).echoes("hello"), "{mixin} {faults}");
                clients += 1;
            }
            drop(in_flight);
            let counts = server.stop();
            assert_eq!(counts.accepted, clients, "{mixin} {faults}: {counts:?}");
        }
    }
}

#[test]
fn datagrams_are_answered_without_the_memory_to_wait_for_them() {
    if tool("strace").is_none() {
        return;
    }
    for mixin in OF_DATAGRAMS {
        for (faults, transport) in
            NO_WAIT.into_iter().flat_map(|it| DATAGRAMS.map(|transport| (it, transport)))
        {
            let folder = tempfile::tempdir().unwrap();
            let server = datagrams(mixin, transport, folder.path()).inject(&[faults]).start();
            let client = Sender::to(&server, "client").unwrap();
            let mut sent = 0;
            while sent < 5 || server.injection.seen().values().sum::<u64>() < OFTEN {
                sent += 1;
                assert!(client.echoes(&sent.to_string()), "{mixin} {transport} {faults}");
            }
            let counts = server.stop();
            assert_eq!((counts.accepted, counts.completed), (sent, sent), "{mixin} {transport}: {counts:?}");
        }
    }
}

/// Whatever is in progress at the end gets its time and its reply, though the loop that waits for it can't wait.
fn finishes(mixin: &str) {
    /// More than the buffers between us take: it can't be over before the end begins.
    const LARGE: usize = 30_000_000;
    if tool("strace").is_none() {
        return;
    }
    for faults in NO_WAIT {
        let server = started(mixin, server(mixin).inject(&[faults]));
        wait_for("a wait to fail", || !server.injection.seen().is_empty());
        let mut idle = is_concurrent(mixin).then(|| Client::connect(server.address));
        assert!(idle.as_mut().is_none_or(|idle| idle.echoes("hello")), "{mixin} {faults}");
        let mut client = Client::connect(server.address);
        client.say(&format!("big {LARGE}")).unwrap();
        let mut first = [0; 1000];
        std::io::Read::read_exact(&mut client.0, &mut first).unwrap();
        server.terminate();
        // The end has begun when idle connections are closed.
        // (Who always lacks the memory to wait for a next request waits for that request itself.)
        if let Some(idle) = idle.as_mut().filter(|_| faults == NO_WAIT[0]) {
            assert!(matches!(idle.hear(), Ok(None)), "{mixin} {faults}");
        }
        drop(idle);
        let mut rest = Vec::new();
        let end = std::io::Read::read_to_end(&mut client.0, &mut rest);
        assert_eq!((end.ok(), rest.len()), (Some(LARGE - 1000), LARGE - 1000), "{mixin} {faults}");
        drop(client);
        let counts = server.stop();
        assert_eq!((counts.failed, counts.disconnected), (0, 0), "{mixin} {faults}: {counts:?}");
    }
}

#[test]
fn a_server_of_one_at_a_time_that_lacks_the_memory_to_wait_finishes_what_is_in_progress() {
    finishes("sequential");
}

#[test]
fn threading_that_lacks_the_memory_to_wait_finishes_what_is_in_progress() {
    finishes("threading");
}

#[test]
fn a_thread_pool_that_lacks_the_memory_to_wait_finishes_what_is_in_progress() {
    finishes("pool");
}

#[test]
fn forking_that_lacks_the_memory_to_wait_finishes_what_is_in_progress() {
    finishes("forking");
}

#[test]
fn prefork_that_lacks_the_memory_to_wait_finishes_what_is_in_progress() {
    finishes("prefork");
}

#[test]
fn a_reactor_that_lacks_the_memory_to_wait_finishes_what_is_in_progress() {
    finishes("reactor");
}

/// It ends that request, with an error that is told, and no other.
#[test]
fn a_request_that_lacks_memory_fails_alone() {
    if tool("strace").is_none() {
        return;
    }
    for mixin in MIXINS {
        for call in ["recvfrom", "sendto"] {
            // What is read after the end of a request would take some of the failures.
            let server = started(mixin, server(mixin).with("linger=off"));
            let tracer = Tracer::attach(&server, &[&format!("{call}:error=ENOMEM:when=1+3")]);
            let clients = 12;
            let echoes = |_: &u64| Client::connect(server.address).echoes("hello");
            let served = (0..clients).filter(echoes).count() as u64;
            wait_for("all to end", || server.counts().active == 0);
            drop(tracer); // which should find none of these calls under way
            assert!(Client::connect(server.address).echoes("hello"), "{mixin} {call}");
            wait_for("the last to end", || server.counts().active == 0);
            let counts = server.counts();
            let told = server.logged("Cannot allocate memory") as u64;
            assert_eq!(
                (counts.failed, counts.completed),
                (told, clients + 1 - told),
                "{mixin} {call}: {counts:?}"
            );
            assert!(told > 0 && counts.completed > served, "{mixin} {call}: {served} served, {counts:?}");
            assert_eq!(server.stop(), counts);
        }
    }
}

const SENT: u64 = 40;

/// Sends so many to a server of which a call fails; gives how many replies have come, and the lines that were logged of errors.
fn visit(server: &Program, fault: &str) -> (u64, u64) {
    let tracer = Tracer::attach(server, &[fault]);
    let clients: Vec<_> = (0..4).map(|it| Sender::to(server, &it.to_string()).unwrap()).collect();
    // The second half finds threads that have served the first.
    for half in 1..=2 {
        for number in 0..SENT / 2 {
            clients[number as usize % clients.len()].say(&number.to_string()).unwrap();
        }
        wait_for("all to end", || {
            let counts = server.counts();
            counts.accepted == half * SENT / 2 && counts.active == 0
        });
    }
    drop(tracer);
    let heard = clients.iter().map(|it| it.all_that_is_there().unwrap().len() as u64).sum();
    (heard, server.logged("ERROR") as u64)
}

/// It is received later: it waits in the socket meanwhile.
#[test]
fn no_datagram_is_lost_for_lack_of_memory_to_receive_it() {
    if tool("strace").is_none() {
        return;
    }
    for (mixin, transport) in
        OF_DATAGRAMS.into_iter().flat_map(|it| DATAGRAMS.map(|transport| (it, transport)))
    {
        let folder = tempfile::tempdir().unwrap();
        let server = started(mixin, datagrams(mixin, transport, folder.path()));
        let (heard, _) = visit(&server, "recvmmsg,recvfrom:error=ENOMEM:when=1+2");
        let counts = server.stop();
        assert_eq!((heard, counts.completed), (SENT, SENT), "{mixin} {transport}: {counts:?}");
        assert!(counts.accept_errors > 0, "{mixin} {transport}: {counts:?}");
    }
}

#[test]
fn a_reply_that_lacks_the_memory_to_be_sent_is_told_and_no_other_fails() {
    if tool("strace").is_none() {
        return;
    }
    for (mixin, transport) in
        OF_DATAGRAMS.into_iter().flat_map(|it| DATAGRAMS.map(|transport| (it, transport)))
    {
        let folder = tempfile::tempdir().unwrap();
        // Threads stay, so that none fails only because it has just begun.
        let server = datagrams(mixin, transport, folder.path()).with("idle=600000");
        let server = started(mixin, server);
        // Each child makes one such call.
        let when = if mixin == "forking" { "1+" } else { "1+2" };
        let (heard, told) = visit(&server, &format!("sendto:error=ENOMEM:when={when}"));
        let counts = server.stop();
        assert_eq!(
            (counts.completed, counts.failed),
            (heard, SENT - heard),
            "{mixin} {transport}: {counts:?}"
        );
        assert_eq!(counts.failed, told, "{mixin} {transport}");
        assert_eq!(heard == 0, mixin == "forking", "{mixin} {transport}: {counts:?}");
    }
}
