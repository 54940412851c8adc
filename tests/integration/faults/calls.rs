//! Calls that block are interrupted; threads and processes can't be had.

use super::{DATAGRAMS, OF_DATAGRAMS, complete, datagrams, injected, is_concurrent};
use crate::util::{processes_sleep, tool, wait_for};
use reliability::{Client, MIXINS, Sender, Tracer};

const LARGE: usize = 4 << 20;

/// Every call of the library that can block; it reads from eventfds, which don't. Nor do sendmsg(2), by which worker processes are given
/// orders, and futex(2) when it wakes others, which a tracer can't tell from a wait.
const BLOCKING: &str =
    "ppoll,epoll_pwait,accept4,recvfrom,recvmsg,recvmmsg,sendto,sendmmsg,wait4:error=EINTR:when=1+2";

/// One after another: a reply to a line, and one that is much more than a socket's buffer.
fn is_served(client: &mut Client) -> bool {
    let size = client.echoes("hello") && client.say(&format!("big {LARGE}")).is_ok();
    size && std::io::Read::read_exact(&mut client.0, &mut vec![0; LARGE]).is_ok()
}

/// Which of them a server of connections makes, or of datagrams. (A worker process waits as a pool does, since it has one inside.)
fn calls(mixin: &str, are_datagrams: bool) -> Vec<&str> {
    let receives =
        if are_datagrams { vec!["recvfrom", "sendto"] } else { vec!["accept4", "recvfrom", "sendto"] };
    let also: &[_] = match mixin {
        "sequential" | "threading" if are_datagrams => &["ppoll", "recvmmsg"],
        "sequential" | "threading" => &["ppoll"],
        "pool" | "reactor" => &["ppoll", "epoll_pwait"],
        _ => &["ppoll", "epoll_pwait", "wait4"],
    };
    [&receives, also].concat()
}

#[test]
fn no_interruption_is_noticed() {
    for mixin in MIXINS {
        let Some(server) = injected(mixin, &[BLOCKING]) else { return };
        let mut server = server.start();
        let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
        for _ in 0..4 {
            assert!(in_flight.as_mut().is_none_or(is_served), "{mixin}");
            assert!(is_served(&mut Client::connect(server.address)), "{mixin}");
        }
        let clients = 4 + u64::from(in_flight.is_some());
        drop(in_flight);
        server.terminate_traced();
        server.injection.expect(mixin, &calls(mixin, false));
        let counts = server.stop();
        assert_eq!((counts.accepted, counts.completed), (clients, clients), "{mixin}");
    }
}

/// Several at a time are received by one call where one thread or process receives for all.
#[test]
fn no_interruption_is_noticed_by_who_sends_datagrams() {
    if tool("strace").is_none() {
        return;
    }
    const EACH: usize = 20;
    for mixin in OF_DATAGRAMS {
        for (transport, gathers) in [(DATAGRAMS[0], true), (DATAGRAMS[0], false), (DATAGRAMS[1], false)] {
            let folder = tempfile::tempdir().unwrap();
            let server = datagrams(mixin, transport, folder.path()).inject(&[BLOCKING]);
            let server = if gathers { server.with("gather=yes") } else { server };
            let mut server = server.start();
            let clients: Vec<_> = (0..4).map(|it| Sender::to(&server, &it.to_string()).unwrap()).collect();
            for number in 0..EACH {
                clients.iter().for_each(|client| client.say(&number.to_string()).unwrap());
                for client in &clients {
                    assert_eq!(client.hear().unwrap(), number.to_string(), "{mixin} {transport}");
                }
            }
            server.terminate_traced();
            server.injection.expect(mixin, &calls(mixin, true));
            let is_sequential = mixin == "sequential"; // others have a reply ready only when they have received the next
            server.injection.expect(mixin, if gathers && is_sequential { &["sendmmsg"] } else { &[] });
            let counts = server.stop();
            let sent = (EACH * clients.len()) as u64;
            assert_eq!((counts.accepted, counts.completed), (sent, sent), "{mixin} {transport}: {counts:?}");
        }
    }
}

/// The client of a request that gets no thread, or no process, sees the end of its connection; or it waits, for one that is there.
#[test]
fn without_new_threads_and_processes_the_next_client_is_served_when_there_are_some() {
    if tool("strace").is_none() {
        return;
    }
    for mixin in MIXINS.into_iter().filter(|it| is_concurrent(it)) {
        let server = complete(mixin);
        let mut in_flight = Client::connect(server.address);
        assert!(in_flight.echoes("hello"), "{mixin}");
        let tracer = Tracer::attach(&server, &["clone3,clone:error=EAGAIN:when=1+"]);
        let mut others: Vec<_> = (0..8).map(|_| Client::connect(server.address)).collect();
        others.iter_mut().for_each(|client| client.say("hello").unwrap());
        let deaf = (mixin == "reactor").then(|| Client::connect(server.address)).map(|mut deaf| {
            deaf.say("big 30000000").unwrap(); // and reads nothing of it, so that somebody else must take its worker's place
            deaf
        });
        wait_for("a thread or a process to be missed", || !tracer.injection.seen().is_empty());
        drop(deaf);
        if mixin == "threading" || mixin == "forking" {
            for client in &mut others {
                assert!(matches!(client.hear(), Ok(None)), "{mixin}");
            }
            wait_for("all to be told", || server.logged("Resource temporarily unavailable") == others.len());
        }
        assert!(in_flight.echoes("still there"), "{mixin}");
        drop(tracer);
        assert!(in_flight.echoes("still there"), "{mixin}");
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

/// Two handlers that wait have taken all threads there are, and another couldn't be started: clients are served all the same when the next one comes, and
/// that is told by then.
#[test]
fn a_reactor_that_lacked_a_thread_serves_on_and_tells() {
    if tool("strace").is_none() {
        return;
    }
    let server = complete("reactor");
    let mut silent = Client::connect(server.address);
    assert!(silent.echoes("hello"));
    let mut deaf = [(); 2].map(|()| Client::connect(server.address));
    wait_for("both to be inside", || server.counts().accepted == 3); // or the second would be the next that comes
    let tracer = Tracer::attach(&server, &["clone3,clone:error=EAGAIN:when=1+"]);
    deaf.iter_mut().for_each(|it| it.say("big 30000000").unwrap()); // and they read nothing of it
    wait_for("a thread to be missed", || !tracer.injection.seen().is_empty());
    drop(tracer);
    wait_for("both to be waited for", || processes_sleep(&[server.pid]));
    silent.say("still there").unwrap();
    let mut next = Client::connect(server.address);
    assert!(next.echoes("new"));
    assert_eq!(silent.hear().unwrap().as_deref(), Some("still there"));
    server.counts(); // comes by the same way as what is logged, and behind it
    assert_eq!(server.logged("Resource temporarily unavailable"), 1);
    drop(deaf);
    server.stop();
}
