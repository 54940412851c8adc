//! Calls that block are interrupted, or lack memory; threads and processes can't be had.

use super::{complete, injected, is_concurrent, started};
use crate::util::{tool, wait_for};
use reliability::{Client, MIXINS, Tracer};

const LARGE: usize = 4 << 20;

/// Every call of the library that can block; it reads from eventfds, which don't. Nor does futex(2) when it wakes others, which a tracer
/// can't tell from a wait.
const BLOCKING: &str = "ppoll,epoll_pwait,accept4,recvfrom,sendto,wait4";

/// One after another: a reply to a line, and one that is much more than a socket's buffer.
fn is_served(client: &mut Client) -> bool {
    let size = client.echoes("hello") && client.say(&format!("big {LARGE}")).is_ok();
    size && std::io::Read::read_exact(&mut client.0, &mut vec![0; LARGE]).is_ok()
}

#[test]
fn no_interruption_is_noticed() {
    for mixin in MIXINS {
        let Some(server) = injected(mixin, &[&format!("{BLOCKING}:error=EINTR:when=1+2")]) else { return };
        let mut server = server.start();
        let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
        for _ in 0..4 {
            assert!(in_flight.as_mut().is_none_or(is_served), "{mixin}");
            assert!(is_served(&mut Client::connect(server.address)), "{mixin}");
        }
        let clients = 4 + u64::from(in_flight.is_some());
        drop(in_flight);
        // A signal handler sends a byte, without blocking, and so without being interrupted but by a tracer.
        wait_for("it to hear that it is to end", || {
            server.terminate();
            !server.is_alive()
        });
        let counts = server.stop();
        assert_eq!((counts.accepted, counts.completed), (clients, clients), "{mixin}");
    }
}

#[test]
fn a_loop_that_lacks_the_memory_to_wait_serves_all_the_same() {
    for mixin in MIXINS {
        // Now and then; always. By its manual epoll_wait(2) never does.
        for faults in ["ppoll,epoll_pwait:error=ENOMEM:when=2+2", "ppoll:error=ENOMEM:when=1+"] {
            let Some(server) = injected(mixin, &[faults]) else { return };
            let server = server.start();
            let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
            for _ in 0..4 {
                assert!(in_flight.as_mut().is_none_or(|client| client.echoes("hello")), "{mixin} {faults}");
                assert!(Client::connect(server.address).echoes("hello"), "{mixin} {faults}");
            }
            let clients = 4 + u64::from(in_flight.is_some());
            drop(in_flight);
            let counts = server.stop();
            assert_eq!(counts.accepted, clients, "{mixin} {faults}: {counts:?}");
        }
    }
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
            let server = started(mixin, super::server(mixin).with("linger=off"));
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

/// The client of a request that gets no thread, or no process, sees the end of its connection; or it waits, for one that is there.
#[test]
fn without_new_threads_and_processes_the_next_client_is_served_when_there_are_some() {
    if tool("strace").is_none() {
        return;
    }
    for mixin in MIXINS {
        let server = complete(mixin);
        let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
        assert!(in_flight.as_mut().is_none_or(|client| client.echoes("hello")), "{mixin}");
        let tracer = Tracer::attach(&server, &["clone3,clone:error=EAGAIN:when=1+"]);
        let mut others: Vec<_> = (0..8).map(|_| Client::connect(server.address)).collect();
        others.iter_mut().for_each(|client| client.say("hello").unwrap());
        if mixin == "threading" || mixin == "forking" {
            for client in &mut others {
                assert!(matches!(client.hear(), Ok(None)), "{mixin}");
            }
            wait_for("all to be told", || server.logged("Resource temporarily unavailable") == others.len());
        }
        assert!(in_flight.as_mut().is_none_or(|client| client.echoes("still there")), "{mixin}");
        drop(tracer);
        assert!(in_flight.as_mut().is_none_or(|client| client.echoes("still there")), "{mixin}");
        drop(in_flight);
        if mixin != "threading" && mixin != "forking" {
            for mut client in others {
                assert_eq!(client.hear().unwrap().as_deref(), Some("hello"), "{mixin}");
            }
        }
        assert!(Client::connect(server.address).echoes("new"), "{mixin}");
        server.stop();
    }
}
