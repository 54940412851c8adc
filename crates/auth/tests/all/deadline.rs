use crate::util::{Script, Step, both, cause, key, pair};
use socketserver_auth::{AuthError, HandshakeStream, multiprocessing, mutual, oneway};
use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

type Side<S> = Box<dyn Fn(&mut S) -> Result<(), AuthError>>;

/// Every side of every protocol, with this deadline.
fn all_sides<S: HandshakeStream>(timeout: Duration) -> Vec<Side<S>> {
    vec![
        Box::new(move |s| mutual::Server::new(key("k")).timeout(timeout).handshake(s).map(drop)),
        Box::new(move |s| mutual::Client::new(key("k")).timeout(timeout).handshake(s).map(drop)),
        Box::new(move |s| multiprocessing::Listener::new(key("k")).timeout(timeout).handshake(s)),
        Box::new(move |s| multiprocessing::Client::new(key("k")).timeout(timeout).handshake(s)),
        Box::new(move |s| oneway::Server::new(key("k")).timeout(timeout).handshake(s)),
        Box::new(move |s| oneway::Client::new(key("k")).timeout(timeout).handshake(s)),
    ]
}

#[test]
fn a_silent_peer_costs_no_more_than_the_deadline() {
    for side in all_sides(5 * SECOND) {
        let mut stream = Script::new([]).silent_at_end();
        assert_eq!(cause(side(&mut stream)), "TimedOut");
        assert_eq!(stream.elapsed(), 5 * SECOND);
    }
}

#[test]
fn a_dripping_peer_gains_nothing() {
    // A valid beginning for whoever listens, a byte every 400 ms: each read is far below the deadline.
    for side in all_sides(5 * SECOND) {
        let drip = [Step::Wait(Duration::from_millis(400)), Step::Bytes(vec![0])];
        let mut stream = Script::new(drip.into_iter().cycle().take(200));
        // CPython's framing ends as soon as a message of no bytes is complete.
        let cause = cause(side(&mut stream));
        assert!(cause == "TimedOut" || cause.starts_with("Malformed"), "{cause}");
        assert!(stream.elapsed() <= 5 * SECOND);
        assert_eq!(stream.unarmed_reads, 0, "every read is armed anew");
    }
}

#[test]
fn a_dripping_peer_gains_nothing_on_a_real_socket() {
    let (mut client, mut request) = pair();
    let (stop, stopped) = mpsc::channel::<()>();
    let dripper = thread::spawn(move || {
        // 64 bytes are an answer; at this pace they take sixteen times the deadline.
        let pause = Duration::from_millis(50);
        (0..64)
            .take_while(|_| {
                stopped.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Timeout)
                    && client.write_all(&[0]).is_ok()
            })
            .count()
    });
    let server = mutual::Server::new(key("k")).timeout(Duration::from_millis(200));
    assert_eq!(cause(server.handshake(&mut request)), "TimedOut");
    drop(stop);
    assert!(dripper.join().unwrap() < 64);
}

#[test]
fn the_default_deadline_is_ten_seconds() {
    let mut stream = Script::new([]).silent_at_end();
    assert_eq!(cause(mutual::Server::new(key("k")).handshake(&mut stream)), "TimedOut");
    assert_eq!(stream.elapsed(), 10 * SECOND);
}

#[test]
fn a_stream_that_cannot_be_interrupted_is_checked_after_the_read() {
    let late = [Step::Wait(6 * SECOND), Step::Bytes(vec![0; 64])];
    let mut stream = Script::new(late);
    // Drops the armed deadline, as a stream without deadlines does.
    let mut deaf = crate::util::ByteByByte(&mut stream);
    let server = oneway::Server::new(key("k")).timeout(5 * SECOND);
    // `ByteByByte` has the default, real clock, which has not moved: the late answer is judged.
    assert_eq!(cause(server.handshake(&mut deaf)), "WrongProof");

    let mut stream = Deaf(Script::new([Step::Wait(6 * SECOND), Step::Bytes(vec![0; 64])]));
    assert_eq!(cause(server.handshake(&mut stream)), "TimedOut");
}

/// A script that ignores deadlines but keeps its clock.
struct Deaf(Script);

impl std::io::Read for Deaf {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Deaf {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl HandshakeStream for Deaf {
    fn now(&self) -> std::time::Instant {
        self.0.clock
    }
}

#[test]
fn the_streams_own_timeouts_come_back_whether_it_passes_or_fails() {
    let own = (Some(70 * SECOND), Some(80 * SECOND));
    for server_key in ["k", "other"] {
        let (_, (before, after)) = both(
            |stream| mutual::Client::new(key("k")).handshake(stream).is_ok(),
            |stream| {
                stream.set_read_timeout(own.0).unwrap();
                stream.set_write_timeout(own.1).unwrap();
                let timeouts =
                    |s: &std::net::TcpStream| (s.read_timeout().unwrap(), s.write_timeout().unwrap());
                let before = timeouts(stream);
                let _ = mutual::Server::new(key(server_key)).handshake(stream);
                (before, timeouts(stream))
            },
        );
        assert_eq!(before, after);
    }
}

#[test]
fn without_a_deadline_no_timeout_is_touched() {
    let mut stream = Script::of([0; 64]);
    assert_eq!(cause(mutual::Server::new(key("k")).timeout(None).handshake(&mut stream)), "WrongProof");
    assert!(stream.unarmed_reads > 0);
    let mut stream = Script::of([0; 64]);
    assert_eq!(
        cause(mutual::Server::new(key("k")).timeout(Duration::MAX).handshake(&mut stream)),
        "WrongProof"
    );
}
