//! A child process for each request: what it does, how its parent hears of its end, and that nothing stays behind.

mod children;
mod ends;

use crate::{
    clients::{connect, visit},
    subject::{self, Subject, children_of},
    util::{tool, wait_for},
};
use reliability::Injection;
use rustix::process::{Pid, Signal, kill_process};
use std::{net::SocketAddr, path::PathBuf};

/// A forking server in a process of its own.
struct Forking {
    subject: Subject,
    pid: u32,
    address: SocketAddr,
}

/// The ways to hear of a child's end: pidfd; what there is on a kernel that has none; asking, when descriptors have run out.
fn ways() -> Vec<Injection> {
    let mut ways = vec![Injection::of(&[])];
    if tool("strace").is_some() {
        let failing = |error| Injection::of(&[&format!("pidfd_open:error={error}")]);
        ways.extend(["ENOSYS", "EMFILE"].map(failing));
    }
    ways
}

fn start(way: &[PathBuf], settings: &[&str]) -> Forking {
    let arguments: Vec<_> = ["forking"].iter().chain(settings).copied().collect();
    let subject = subject::start_under(way, &arguments);
    let pid = subject.after("pid ").parse().unwrap();
    let serving = subject.after("serving ");
    let address = serving.split(' ').next().unwrap().parse().unwrap_or(([0; 4], 0).into());
    Forking { subject, pid, address }
}

impl Forking {
    fn terminate(&self) {
        kill_process(Pid::from_raw(self.pid as i32).unwrap(), Signal::TERM).unwrap();
    }

    /// A client whose child stays until the client has gone; and that child.
    fn hold(&self) -> (socketserver::TcpStream, u32) {
        let client = connect(self.address);
        client.sendall(b"hold\n").unwrap();
        let mut pid = [0; 10];
        std::io::Read::read_exact(&mut &client, &mut pid).unwrap();
        (client, std::str::from_utf8(&pid).unwrap().trim().parse().unwrap())
    }

    fn ask(&self, word: &str) -> String {
        String::from_utf8(visit(self.address, format!("{word}\n").as_bytes())).unwrap()
    }

    #[track_caller]
    fn wait_for_no_children(&self) {
        wait_for("all children to be forgotten", || children_of(self.pid).is_empty());
    }
}
