//! A prefork server in a process of its own, and its clients.

use crate::{
    clients::{connect, rest},
    subject::{self, Subject, children_of},
    util::{GUARD, is_zombie, wait_for},
};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use socketserver::TcpStream;
use std::{
    cell::RefCell,
    collections::{BTreeSet, VecDeque},
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitStatus,
};

pub(super) struct Prefork {
    pub(super) subject: Subject,
    /// Of the parent, even if a tracer stands in between.
    pub(super) pid: u32,
    pub(super) address: SocketAddr,
    /// Lines that were read while others were looked for.
    unread: RefCell<VecDeque<String>>,
}

/// What became of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) pid: u32,
    /// The exit status, or that it was a signal.
    pub(super) status: String,
    pub(super) expected: bool,
    pub(super) back_off: u64,
    /// Requests that were in progress in it.
    pub(super) lost: usize,
}

/// Starts a server with `processes` of them, and waits until they are all there.
pub(super) fn start(processes: usize, settings: &[&str]) -> Prefork {
    let this = start_under(&[], processes, settings);
    (0..processes).for_each(|_| {
        this.started();
    });
    this
}

/// Starts a server by another program, such as a tracer. Doesn't wait for its processes.
pub(super) fn start_under(by: &[PathBuf], processes: usize, settings: &[&str]) -> Prefork {
    let processes = format!("processes={processes}");
    let arguments: Vec<_> = ["prefork", &processes].iter().chain(settings).copied().collect();
    let subject = subject::start_under(by, &arguments);
    let pid = subject.after("pid ").parse().unwrap();
    let address = subject.after("serving ").parse().unwrap();
    Prefork { subject, pid, address, unread: RefCell::default() }
}

pub(super) fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
}

/// Stops a process, all of it.
pub(super) fn stop(pid: u32) {
    signal(pid, Signal::STOP);
    wait_for("it to stop", || reliability::is_stopped(pid));
}

/// Waits until a process that isn't our child has ended.
pub(super) fn wait_for_end(pid: u32) {
    let pid_of = Pid::from_raw(pid as i32).unwrap();
    wait_for("it to end", || test_kill_process(pid_of).is_err() || is_zombie(pid));
}

impl Prefork {
    /// The rest of the next line that begins with `start`. Others are kept, for what happens to different processes happens in any
    /// order.
    #[track_caller]
    pub(super) fn after(&self, start: &str) -> String {
        let mut unread = self.unread.borrow_mut();
        let place = unread.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| {
            loop {
                unread.push_back(self.subject.line());
                if unread.back().is_some_and(|line| line.starts_with(start)) {
                    break unread.len() - 1;
                }
            }
        });
        unread.remove(place).expect("it was found there")[start.len()..].to_owned()
    }

    /// The next process that is forked.
    pub(super) fn started(&self) -> u32 {
        self.after("started ").parse().unwrap()
    }

    /// The next process that ends.
    pub(super) fn ended(&self) -> Ended {
        let line = self.after("ended ");
        let [pid, status, expected, back_off, lost] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        Ended {
            pid: pid.parse().unwrap(),
            status: status.into(),
            expected: expected == "expected",
            back_off: back_off.parse().unwrap(),
            lost: lost.parse().unwrap(),
        }
    }

    pub(super) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// The process that serves one request of a new client.
    pub(super) fn who(&self) -> u32 {
        who(self.address)
    }

    /// Clients of so many processes, one each, which are in the middle of a request.
    pub(super) fn hold_each(&self, processes: usize) -> Vec<(u32, Client)> {
        let mut held: Vec<(u32, Client)> = Vec::new();
        wait_for("clients of all processes", || {
            let mut client = self.connect();
            let pid = client.ask("hold").parse().expect("a process id");
            if held.iter().all(|(known, _)| *known != pid) {
                held.push((pid, client));
            } else {
                client.leave();
            }
            held.len() == processes
        });
        held
    }

    /// Waits until so many requests are in progress: a client sees its end before that is counted. For `control=yes`.
    pub(super) fn wait_for_active(&mut self, count: usize) {
        wait_for("all others to have ended", || self.count("active") == count);
    }

    /// The most requests that were in progress at once. For `control=yes`.
    pub(super) fn peak(&mut self) -> usize {
        self.count("peak")
    }

    fn count(&mut self, of: &str) -> usize {
        self.subject.tell("stats");
        let told = self.after("accepted ");
        let mut words = told.split(' ').skip_while(|word| *word != of);
        words.nth(1).expect(of).parse().expect("a number")
    }

    /// The living processes.
    pub(super) fn children(&self) -> BTreeSet<u32> {
        children_of(self.pid).into_iter().filter(|(_, is_zombie)| !is_zombie).map(|(pid, _)| pid).collect()
    }

    pub(super) fn terminate(&self) {
        signal(self.pid, Signal::TERM);
    }

    /// Waits for the end; gives the last line, which is about counts.
    #[track_caller]
    pub(super) fn end(self) -> (ExitStatus, String) {
        let (status, lines) = self.subject.end();
        (status, lines.into_iter().rfind(|line| line.starts_with("accepted ")).unwrap_or_default())
    }

    /// Ends it, which must succeed and leave no process. Gives how many requests were accepted.
    #[track_caller]
    pub(super) fn close(self) -> u64 {
        let children = self.children();
        self.terminate();
        self.finish(children)
    }

    /// Waits for its end, as it has been told to. None of `children` must be left.
    #[track_caller]
    pub(super) fn finish(self, children: BTreeSet<u32>) -> u64 {
        let (status, counts) = self.end();
        assert!(status.success(), "{status}");
        children.into_iter().for_each(wait_for_end);
        let count = |name: &str| -> u64 {
            let mut words = counts.split(' ').skip_while(|word| *word != name);
            words.nth(1).unwrap_or_else(|| panic!("no {name}: {counts}")).parse().unwrap()
        };
        assert_eq!((count("accepted"), count("active")), (count("ended"), 0), "{counts}");
        count("accepted")
    }
}

pub(super) struct Client(BufReader<TcpStream>);

/// The process that serves one request of a new client.
pub(super) fn who(address: SocketAddr) -> u32 {
    let mut client = Client::connect(address);
    let pid = client.who();
    client.leave();
    pid
}

impl Client {
    pub(super) fn connect(address: SocketAddr) -> Client {
        Client(BufReader::new(connect(address)))
    }

    /// Where it is, as the server sees it.
    pub(super) fn address(&self) -> String {
        self.0.get_ref().getsockname().unwrap().to_string()
    }

    pub(super) fn say(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        assert!(self.0.buffer().is_empty());
    }

    /// To a server that may have gone.
    pub(super) fn try_say(&mut self, line: &str) {
        let _ = writeln!(self.0.get_mut(), "{line}");
    }

    /// The same, and what it says: nothing, if it has.
    pub(super) fn try_ask(&mut self, line: &str) -> String {
        self.try_say(line);
        self.hear()
    }

    /// The next line; empty at the end of the connection, be it a reset.
    pub(super) fn hear(&mut self) -> String {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => {
                panic!("{error} in {GUARD:?}")
            }
            _ => line.trim_end().to_owned(),
        }
    }

    pub(super) fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }

    pub(super) fn who(&mut self) -> u32 {
        self.ask("pid").parse().expect("a process id")
    }

    /// Waits until the process that holds it knows that it is to end, then lets the request end.
    pub(super) fn drain(mut self) {
        wait_for("it to be heard", || self.ask("draining") == "true");
        self.say("go");
        assert_eq!(self.hear(), "", "that was the last request of this connection");
    }

    /// Finishes, and waits for the end.
    pub(super) fn leave(self) {
        let stream = self.0.into_inner();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(rest(stream), b"");
    }
}
