//! Clients of Unix datagrams that never read: their queue is full, and there is no room for a reply. That is their own trouble.

use crate::{
    subject::{self, Subject},
    util::{GUARD, wait_for},
};
use socketserver::net::UnixDatagram;
use std::{fs, path::PathBuf};

const ALL: [&str; 5] = ["sequential", "threading", "pool", "forking", "prefork"];

/// As good as for ever.
const HOUR: &str = "3600000";

struct Echo {
    subject: Subject,
    folder: tempfile::TempDir,
    /// Kept, so that the kernel keeps what is in their queues.
    deaf: Vec<UnixDatagram>,
}

#[derive(Debug, Default, PartialEq, Clone, Copy)]
struct Counts {
    accepted: u64,
    completed: u64,
    active: u64,
    late_writes: u64,
    late_requests: u64,
}

/// How many datagrams one who doesn't read can be sent.
fn room() -> u64 {
    let most = fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").expect("Linux has it");
    most.trim().parse::<u64>().expect("a number") + 1
}

/// What is unread takes about a kilobyte each of the server's send buffer. That one client fills it is another story, which the kernel leaves
/// nobody the means to write.
fn has_long_queues() -> bool {
    let is_so = room() > 100;
    if is_so {
        eprintln!(
            "skipped: net.unix.max_dgram_qlen is so large that a client's queue is as large as a send buffer"
        );
    }
    is_so
}

impl Echo {
    fn start(mixin: &str, settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server").display().to_string();
        let subject = subject::start(&[&["deaf", mixin, &path], settings].concat());
        assert_eq!(subject.line(), "serving");
        Echo { subject, folder, deaf: Vec::new() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("server")
    }

    /// One asks so often, and never reads.
    fn is_asked_by_deaf(&mut self, times: u64) {
        let deaf = UnixDatagram::bind(self.folder.path().join("deaf")).unwrap();
        deaf.settimeout(Some(GUARD));
        for _ in 0..times {
            deaf.sendto(b"?", self.path()).expect("somebody takes it");
        }
        self.deaf.push(deaf);
    }

    /// Another client is served.
    fn serves(&self, mixin: &str) {
        let good = UnixDatagram::bind(self.folder.path().join("good")).unwrap();
        good.settimeout(Some(GUARD));
        for _ in 0..3 {
            good.sendto(b"hello", self.path()).unwrap_or_else(|error| panic!("{mixin}: {error}"));
            let mut answer = [0; 10];
            let n = good.recvfrom(&mut answer).unwrap_or_else(|error| panic!("{mixin}: {error}")).0;
            assert_eq!(&answer[..n], b"hello");
        }
    }

    #[track_caller]
    fn counts(&mut self) -> Counts {
        self.subject.tell("stats");
        let numbers: Vec<_> = self.subject.after("stats ").split(' ').map(|it| it.parse().unwrap()).collect();
        let [accepted, completed, active, late_writes, late_requests] = numbers[..] else { panic!() };
        Counts { accepted, completed, active, late_writes, late_requests }
    }

    /// Waits until so many have been accepted, and all have ended.
    #[track_caller]
    fn rest(&mut self, accepted: u64) -> Counts {
        let mut counts = Counts::default();
        wait_for("all to end", || {
            counts = self.counts();
            counts.accepted == accepted && counts.active == 0
        });
        counts
    }

    /// Ends it by force, and nothing is left.
    #[track_caller]
    fn end(mut self, mixin: &str) {
        self.subject.close_input();
        let (status, lines) = self.subject.end();
        assert!(status.success(), "{mixin}: {lines:?}");
        assert_eq!(lines.last().map(String::as_str), Some("closed with 0 in progress"), "{mixin}");
    }
}

#[test]
fn one_that_never_reads_holds_up_nobody() {
    if has_long_queues() {
        return;
    }
    for mixin in ALL {
        let mut server = Echo::start(mixin, &[]);
        let times = room() + 20;
        server.is_asked_by_deaf(times);
        server.serves(mixin);
        let counts = server.rest(times + 3);
        let expected = Counts {
            accepted: times + 3,
            completed: room() + 3,
            active: 0,
            late_writes: 20,
            late_requests: 0,
        };
        assert_eq!(counts, expected, "{mixin}: who got no reply, because of a write, has failed");
        server.end(mixin);
    }
}

#[test]
fn the_nearer_of_the_limits_of_writes_and_of_requests_holds() {
    if has_long_queues() {
        return;
    }
    for mixin in ALL {
        for (limits, by_write) in [
            ([&format!("write={HOUR}"), "request=20"], false),
            (["write=20", &format!("request={HOUR}")], true),
        ] {
            let mut server = Echo::start(mixin, &limits);
            server.is_asked_by_deaf(room() + 3);
            let Counts { late_writes, late_requests, .. } = server.rest(room() + 3);
            assert_eq!((late_writes, late_requests), if by_write { (3, 0) } else { (0, 3) }, "{mixin}");
            server.end(mixin);
        }
    }
}

/// However long a reply may wait.
#[test]
fn a_server_ends_by_force_whoever_never_reads() {
    if has_long_queues() {
        return;
    }
    for mixin in ALL {
        let mut server = Echo::start(mixin, &[&format!("write={HOUR}")]);
        server.is_asked_by_deaf(room() + 1);
        // No more can be completed; what is active waits for room.
        wait_for("the last reply to wait", || {
            let counts = server.counts();
            counts.completed == room() && counts.active > 0
        });
        server.end(mixin);
    }
}

/// Two hundred waits of a fifth of a second would take longer than this test may.
#[test]
fn who_has_let_a_reply_wait_is_not_waited_for_again() {
    if has_long_queues() {
        return;
    }
    let mut server = Echo::start("sequential", &["write=200"]);
    server.is_asked_by_deaf(room() + 200);
    assert_eq!(server.rest(room() + 200).late_writes, 200);

    // Until it has taken one.
    let deaf = server.deaf.pop().unwrap();
    for _ in 0..room() {
        deaf.recv(&mut [0; 10]).unwrap();
    }
    deaf.sendto(b"again", server.path()).unwrap();
    let mut answer = [0; 10];
    assert_eq!(deaf.recv(&mut answer).unwrap(), 5);
    server.end("sequential");
}
