//! Clients that reset, say nothing, half-close or vanish: each ends its own request, with a reason, and nobody else's.

use crate::{
    clients::{connect, rest, visit},
    util::{Recorder, Seen, serve, wait_for},
};
use parking_lot::Mutex;
use socketserver::{
    Deadline, HandlerError, Outcome, ServerBuilder, ThreadingMixIn, net::socket2::SockRef, prelude::*,
};
use std::{net::Shutdown, net::SocketAddr, time::Duration};

/// What was reported as an error.
#[derive(Default)]
struct Errors(Mutex<Vec<String>>);
impl ServerHooks<Tcp> for Errors {
    fn handle_error(&self, _: &SocketAddr, error: &HandlerError) {
        self.0.lock().push(error.to_string());
    }
}

/// Obeys a word: `echo` until the end of input, `flood` with 16 MiB.
#[derive(Default)]
struct Obey;
impl StreamRequestHandler<Errors> for Obey {
    fn handle(&mut self, cx: &mut StreamContext<'_, Errors>) -> HandlerResult {
        let mut line = String::new();
        while cx.rfile.read_line(&mut line)? > 0 {
            match line.trim() {
                "flood" => cx.wfile.write_all(&vec![b'x'; 16 << 20])?,
                "impatient" => cx.request.settimeout(Some(Duration::from_millis(1))),
                _ => cx.wfile.write_all(line.as_bytes())?,
            }
            line.clear();
        }
        Ok(())
    }
}

fn builder(recorder: &Recorder) -> ServerBuilder<Tcp, Obey, ThreadingMixIn, Errors> {
    ThreadingTcpServer::<Obey, Errors>::builder().observer(recorder.clone())
}

/// Makes a client end its connection by a reset.
fn reset(client: TcpStream) {
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
}

fn echoes(client: &mut TcpStream) {
    client.sendall(b"hello\n").unwrap();
    let mut answer = [0; 6];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello\n");
}

#[test]
fn clients_that_reset_before_they_are_accepted_disturb_nobody() {
    let recorder = Recorder::default();
    let server = builder(&recorder).bind("127.0.0.1:0").unwrap();
    for _ in 0..3 {
        reset(connect(server.server_address()));
    }
    let mut patient = connect(server.server_address());
    let server = serve(server);
    echoes(&mut patient);
    wait_for("three ends", || recorder.outcomes().len() == 3);
    assert_eq!(recorder.outcomes(), [Outcome::Disconnected; 3]);
    assert!(server.state().0.lock().is_empty(), "nobody's error");
    drop(patient);
}

#[test]
fn clients_that_reset_when_they_are_served_are_disconnected() {
    let recorder = Recorder::default();
    let server = serve(builder(&recorder).bind("127.0.0.1:0").unwrap());
    let mut other = connect(server.server_address());
    echoes(&mut other);
    let mut client = connect(server.server_address());
    echoes(&mut client);
    reset(client);
    wait_for("the end", || server.stats().disconnected == 1); // it is told before
    assert_eq!(recorder.outcomes(), [Outcome::Disconnected]);
    echoes(&mut other);
    assert!(server.state().0.lock().is_empty());
}

#[test]
fn a_client_that_says_nothing_keeps_nobody_waiting() {
    let recorder = Recorder::default();
    let server = serve(builder(&recorder).bind("127.0.0.1:0").unwrap());
    let silent = connect(server.server_address());
    echoes(&mut connect(server.server_address()));
    drop(silent); // without a word: a normal end
    wait_for("two ends", || recorder.outcomes().len() == 2);
    assert_eq!(recorder.outcomes(), [Outcome::Completed; 2]);

    let client = connect(server.server_address());
    client.sendall(b"impatient\n").unwrap();
    assert_eq!(rest(client), b"");
    wait_for("the end", || recorder.outcomes().last() == Some(&Outcome::TimedOut(Deadline::Read)));
    assert_eq!(*server.state().0.lock(), ["read timed out"]);
}

#[test]
fn a_client_that_half_closes_gets_all_of_its_answer() {
    let recorder = Recorder::default();
    let server = serve(builder(&recorder).bind("127.0.0.1:0").unwrap());
    assert_eq!(visit(server.server_address(), b"flood\nbye\n").len(), (16 << 20) + 4);
    wait_for("the end", || recorder.outcomes() == [Outcome::Completed]);
}

#[test]
fn a_client_that_vanishes_while_it_is_answered_ends_its_own_request_only() {
    let recorder = Recorder::default();
    let server = serve(builder(&recorder).bind("127.0.0.1:0").unwrap());
    let mut other = connect(server.server_address());
    echoes(&mut other);
    for resets in [false, true] {
        let mut client = connect(server.server_address());
        client.sendall(b"flood\n").unwrap();
        client.read_exact(&mut [0; 1000]).unwrap(); // the answer has begun
        let before = recorder.outcomes().len();
        match resets {
            true => reset(client),
            false => drop(client), // with data that it hasn't read
        }
        wait_for("the end", || recorder.outcomes().len() > before);
        assert_eq!(recorder.outcomes().last(), Some(&Outcome::Disconnected));
        echoes(&mut other);
    }
    let sent = |it: &Seen| if let Seen::Ended(_, _, (_, sent)) = it { Some(*sent) } else { None };
    for sent in recorder.seen().iter().filter_map(sent) {
        assert!((1000..16 << 20).contains(&sent), "{sent} bytes");
    }
    assert!(server.state().0.lock().is_empty());
}

/// A thousand clients, each of whom does something odd, and one who doesn't.
#[test]
fn odd_clients_by_the_hundred_leave_nothing_behind() {
    let recorder = Recorder::default();
    let server = serve(builder(&recorder).bind("127.0.0.1:0").unwrap());
    let mut steady = connect(server.server_address());
    for number in 0..200 {
        let client = connect(server.server_address());
        match number % 5 {
            0 => reset(client),
            1 => drop(client),
            2 => client.shutdown(Shutdown::Write).unwrap(),
            3 => {
                client.sendall(b"flood\n").unwrap();
                reset(client);
            }
            _ => {
                client.sendall(b"half a li").unwrap();
                drop(client);
            }
        }
        echoes(&mut steady);
    }
    // The last of them may not have been accepted yet.
    let counts = || (server.stats().accepted, server.stats().active);
    wait_for("all but one to end", || counts() == (201, 1));
    assert_eq!(server.stats().completed + server.stats().disconnected, 200);
    drop(steady);
    wait_for("the last end", || recorder.outcomes().len() == 201);
    assert!(server.state().0.lock().is_empty());
}
