//! Time limits, handshakes and drains, by every mix-in: a server in a process of its own, and clients that put them to the test.

mod drains;
mod handshakes;
mod limits;

use crate::{
    clients::{connect, rest},
    subject::{self, Subject},
    util::wait_for,
};
use socketserver::TcpStream;
use std::{
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    thread,
    time::Duration,
};

const ALL: [&str; 6] = ["sequential", "threading", "pool", "forking", "prefork", "reactor"];

/// A server, and where it is.
struct Timed {
    subject: Subject,
    pid: u32,
    address: SocketAddr,
}

fn start(mixin: &str, settings: &[&str]) -> Timed {
    let subject = subject::start(&[&["timed", mixin], settings].concat());
    let pid = subject.after("pid ").parse().expect("a process id");
    let address = subject.after("serving ").parse().expect("an address");
    Timed { subject, pid, address }
}

impl Timed {
    fn client(&self) -> Client {
        Client(BufReader::new(connect(self.address)))
    }

    /// Another client is served, as if nothing had happened.
    #[track_caller]
    fn serves(&self, greeting: &str) {
        // It has limits, too, which it may meet where the machine is busy.
        wait_for("a good client to be served", || {
            let mut client = self.client();
            client.say(greeting);
            client.ask("echo good") == "good"
        });
    }

    /// Steers it, and waits until that is done.
    #[track_caller]
    fn tell(&mut self, line: &str) {
        self.subject.tell(line);
        let word = line.split(' ').next().expect("a word");
        self.subject.after(&format!("done {word}"));
    }

    /// Ends it; gives what it counted.
    #[track_caller]
    fn end(mut self) -> String {
        self.subject.tell("stop");
        self.subject.after("stopped");
        self.subject.close_input();
        let stats = self.subject.after("stats ");
        assert!(self.subject.end().0.success());
        stats
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    /// To a server that may have ended the connection.
    fn say(&mut self, text: &str) {
        let _ = self.0.get_mut().write_all(text.as_bytes());
    }

    /// The next line, without its end; empty at the end of the connection, be it a reset.
    #[track_caller]
    fn hear(&mut self) -> String {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => panic!("{error}"),
            _ => line.trim_end().to_owned(),
        }
    }

    #[track_caller]
    fn ask(&mut self, line: &str) -> String {
        self.say(&format!("{line}\n"));
        self.hear()
    }

    /// Sends a byte at a time, for as long as they are taken.
    fn dribble(&mut self) {
        while self.0.get_mut().write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(1)); // its pace
        }
    }

    /// Takes a few bytes at a time, until somebody takes the rest.
    fn sip(&mut self) {
        let client = self.0.get_ref().clone();
        thread::spawn(move || {
            while client.recv(&mut [0; 100]).is_ok_and(|n| n > 0) {
                thread::sleep(Duration::from_millis(1)); // its pace
            }
        });
    }

    /// All that is still to come.
    #[track_caller]
    fn rest(self) -> Vec<u8> {
        rest(self.0.into_inner())
    }
}
