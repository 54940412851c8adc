//! A server example as a process.

use super::programs::example;
use crate::util::finishes;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

/// A running server; killed when dropped.
pub(crate) struct ServerProcess {
    child: Option<Child>,
    output: Option<BufReader<ChildStdout>>,
    /// What follows `listening on`.
    pub(crate) address: String,
}

impl ServerProcess {
    /// Starts an example, and waits until it says where it listens.
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Self {
        // The port that the system gives a group's TCP server may be taken for UDP; another one hardly is again.
        let attempts = if name == "tcp-udp-group" { 5 } else { 1 };
        let started = (0..attempts).find_map(|_| Self::try_start(name, arguments));
        started.unwrap_or_else(|| panic!("{name} {arguments:?} doesn't say that it listens"))
    }

    fn try_start(name: &str, arguments: &[&str]) -> Option<Self> {
        let mut command = example(name);
        command.args(arguments);
        Self::launch(command)
    }

    /// Starts a program that speaks as the examples do, and waits until it says where it listens; `None` if it says something else.
    pub(crate) fn launch(mut command: Command) -> Option<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut this = ServerProcess { child: Some(child), output: None, address: String::new() };
        let (line, output) = finishes("the start of a server", move || {
            let mut line = String::new();
            output.read_line(&mut line).expect("text");
            (line, output)
        });
        this.output = Some(output);
        this.address = line.strip_prefix("listening on ")?.trim_end().to_owned();
        Some(this)
    }

    /// The address of a server over TCP or UDP.
    pub(crate) fn inet(&self) -> SocketAddr {
        self.address.parse().expect("an address")
    }

    /// The server's process.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    pub(crate) fn port(&self) -> String {
        self.inet().port().to_string()
    }

    /// Sends a signal, and gives the status that the server ends with.
    pub(crate) fn end_by(&mut self, signal: Signal) -> ExitStatus {
        let mut child = self.child.take().expect("ends once");
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        finishes("the end of a server", move || child.wait().expect("a child of ours"))
    }

    /// Ends the server as a user would; fails unless it ends well and leaves no process behind.
    pub(crate) fn stop(mut self) {
        let status = self.end_by(Signal::TERM);
        self.has_ended_well(status);
    }

    /// [`stop`](Self::stop) for a server that ends by itself: a signal might find it on its way out.
    pub(crate) fn end(mut self) {
        let mut child = self.child.take().expect("ends once");
        let status = finishes("the end of a server", move || child.wait().expect("a child of ours"));
        self.has_ended_well(status);
    }

    fn has_ended_well(mut self, status: ExitStatus) {
        assert!(status.success(), "{status}");
        // The pipe ends when nobody has its other end any more, the server's children included.
        let output = self.output.take().expect("taken once");
        finishes("the end of the server's children", move || io::copy(&mut { output }, &mut io::sink()))
            .expect("a pipe can be read");
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill(); // it may have ended by itself
            let _ = child.wait();
        }
    }
}
