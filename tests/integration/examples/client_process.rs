//! A client as a process: nc, socat, Python, an example's own.

use crate::util::{GUARD, finishes};
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
};

/// Gives a program all its input, and returns its status and all that it says, errors apart, when it has ended.
pub(crate) fn run(mut command: Command, input: &[u8]) -> (ExitStatus, String, String) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let (mut stdin, input) = (child.stdin.take().expect("a pipe"), input.to_owned());
    thread::spawn(move || {
        let _ = stdin.write_all(&input); // the program may not want it all
    });
    let output = finishes(&format!("{command:?}"), || child.wait_with_output()).expect("a child of ours");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status, text(output.stdout), text(output.stderr))
}

/// [`run`] for a program that must end well; gives what it says.
pub(crate) fn output_of(command: Command, input: &[u8]) -> String {
    let told = format!("{command:?}");
    let (status, output, errors) = run(command, input);
    assert!(status.success(), "{told}: {status}, {errors}");
    output
}

/// A program to talk with; killed when dropped.
pub(crate) struct ClientProcess {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl ClientProcess {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (heard, lines) = channel();
        thread::spawn(move || {
            let mut each = output.lines().map_while(Result::ok);
            each.try_for_each(|line| heard.send(line))
        });
        ClientProcess { input: child.stdin.take().expect("a pipe"), child, lines }
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).expect("the program reads");
    }

    /// The next line of what it says; `None` when it has said all.
    pub(crate) fn hears(&self) -> Option<String> {
        match self.lines.recv_timeout(GUARD) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing heard for {GUARD:?}"),
        }
    }
}

impl Drop for ClientProcess {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}
