//! A server in a process of its own, and what it prints.

use crate::{Counts, GUARD, Injection, children_of, signal, wait_for};
use parking_lot::Mutex;
use rustix::process::Signal;
use std::{
    env,
    ffi::OsString,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};

/// Starts a server.
#[derive(Debug, Clone)]
pub struct Builder {
    command: Vec<OsString>,
    by: Vec<OsString>,
    faults: Vec<String>,
}

impl Builder {
    /// One of ours. `program` is one that calls [`serve`](crate::serve) when its first argument is `serve`.
    pub fn ours(program: impl Into<PathBuf>, mixin: &str) -> Self {
        let program: PathBuf = program.into();
        Builder::command([program.into_os_string(), "serve".into(), mixin.into()])
    }

    /// This program itself.
    ///
    /// # Errors
    /// If it can't be found.
    pub fn this(mixin: &str) -> io::Result<Self> {
        Ok(Builder::ours(env::current_exe()?, mixin))
    }

    /// Another program that prints what ours does.
    pub fn command(command: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let command = command.into_iter().map(Into::into).collect();
        Builder { command, by: Vec::new(), faults: Vec::new() }
    }

    /// With a setting of [`serve`](crate::serve).
    pub fn with(mut self, setting: impl Into<OsString>) -> Self {
        self.command.push(setting.into());
        self
    }

    /// By another program, such as a tracer, with its arguments.
    pub fn by(mut self, by: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.by = by.into_iter().map(Into::into).collect();
        self
    }

    /// With system calls that fail, each as [`Injection`] has it.
    pub fn inject(mut self, faults: &[&str]) -> Self {
        self.faults.extend(faults.iter().map(|&it| it.to_owned()));
        self
    }

    /// Starts it, and waits until it serves.
    ///
    /// # Panics
    /// If it doesn't.
    #[track_caller]
    pub fn start(self) -> Program {
        let injection = Injection::of(&self.faults.iter().map(String::as_str).collect::<Vec<_>>());
        let by = injection.iter().map(OsString::from);
        let words: Vec<_> = by.chain(self.by).chain(self.command).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be run");
        let (sender, lines) = channel();
        let log = Arc::new(Mutex::new(Vec::new()));
        let outputs: [Box<dyn io::Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("it is piped")),
            Box::new(child.stderr.take().expect("it is piped")),
        ];
        let readers = outputs.map(|output| {
            let (sender, log) = (sender.clone(), log.clone());
            thread::spawn(move || sort(output, &sender, &log))
        });
        let address = ([0; 4], 0).into();
        let mut this =
            Program { child, lines, log, readers, pid: 0, address, place: String::new(), injection };
        this.pid = this.after("pid ").parse().expect("a process id");
        this.place = this.after("serving ");
        this.address = this.place.parse().unwrap_or(address);
        this
    }
}

/// What the server prints for the harness apart from what it logs.
fn sort(output: impl io::Read, sender: &Sender<String>, log: &Mutex<Vec<String>>) {
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let is_said = ["pid ", "serving ", "stats "].iter().any(|start| line.starts_with(start));
        if !is_said {
            log.lock().push(line);
        } else if sender.send(line).is_err() {
            return;
        }
    }
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    log: Arc<Mutex<Vec<String>>>,
    readers: [JoinHandle<()>; 2],
    /// Of the server, even if a tracer stands in between.
    pub pid: u32,
    /// Where it serves, if that is a port.
    pub address: SocketAddr,
    /// Where it serves, as it says.
    pub place: String,
    /// Which of its system calls fail.
    pub injection: Injection,
}

impl Program {
    #[track_caller]
    fn after(&self, start: &str) -> String {
        loop {
            match self.lines.recv_timeout(GUARD) {
                Err(_) => panic!("no line that begins with {start:?}; it logged {:#?}", self.log()),
                Ok(line) if line.starts_with(start) => return line[start.len()..].to_owned(),
                Ok(_) => {}
            }
        }
    }

    /// What it has logged so far, and what others have written to its standard error.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().clone()
    }

    /// How many lines of the log hold `part`.
    pub fn logged(&self, part: &str) -> usize {
        self.log.lock().iter().filter(|line| line.contains(part)).count()
    }

    /// Whether it has closed what it writes to, and all of that is in the log.
    pub fn has_said_all(&self) -> bool {
        self.readers.iter().all(JoinHandle::is_finished)
    }

    /// What it has counted so far. Its loop says so, which must not be within a request.
    ///
    /// # Panics
    /// If it doesn't.
    #[track_caller]
    pub fn counts(&self) -> Counts {
        signal(self.pid, Signal::USR1).expect("it runs");
        let line = self.after("stats ");
        Counts::parse(&line).unwrap_or_else(|| panic!("{line}"))
    }

    /// Its processes that are children.
    pub fn children(&self) -> Vec<u32> {
        children_of(self.pid)
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to end, as a supervisor does.
    pub fn terminate(&self) {
        let _ = signal(self.pid, Signal::TERM); // it may have ended
    }

    /// The same, until it has ended, for one of which sendto(2) fails: by that a signal handler sends a byte, which doesn't wait, and so
    /// fails with nobody but a tracer.
    ///
    /// # Panics
    /// If it doesn't end.
    #[track_caller]
    pub fn terminate_traced(&mut self) {
        wait_for("it to hear that it is to end", || {
            self.terminate();
            !self.is_alive()
        });
    }

    /// Waits for its end; gives its status and its last counts.
    ///
    /// # Panics
    /// If it doesn't end, or has counted nothing.
    #[track_caller]
    pub fn end(mut self) -> (ExitStatus, Counts) {
        let mut status = None;
        wait_for("the server to end", || {
            status = self.child.try_wait().expect("it is our child");
            status.is_some()
        });
        let last = std::iter::from_fn(|| self.lines.recv_timeout(GUARD).ok()).last();
        let counts = last.as_ref().and_then(|it| Counts::parse(it.strip_prefix("stats ")?));
        let status = status.expect("it has ended");
        let counts = counts.unwrap_or_else(|| panic!("{status}, last {last:?}, log {:#?}", self.log()));
        (status, counts)
    }

    /// Ends it, in order; all that it has accepted must have ended, and nothing be wrong.
    ///
    /// # Panics
    /// If something is.
    #[track_caller]
    pub fn stop(self) -> Counts {
        self.terminate();
        let log = self.log.clone();
        let (status, counts) = self.end();
        assert!(status.success(), "{status}: {:#?}", log.lock());
        assert_eq!((counts.accepted, counts.active), (counts.ended(), 0), "{counts:?}");
        counts
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Of a tracer that is killed, what it traces goes on.
        let _ = signal(self.pid, Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
