//! Runs the helper program `bin/subject`, and hears what it prints.

use crate::util::{GUARD, processes_sleep, wait_for};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
};

/// Where the program is.
pub(crate) const PATH: &str = env!("CARGO_BIN_EXE_subject");

/// A running program; killed when dropped.
pub(crate) struct Subject {
    program: Child,
    lines: Receiver<String>,
}

/// Starts the program itself.
pub(crate) fn start(arguments: &[&str]) -> Subject {
    start_by(Command::new(PATH).args(arguments))
}

/// Starts the program by another one, such as a tracer: `by` and then the program's own arguments.
pub(crate) fn start_under(by: &[impl AsRef<OsStr>], arguments: &[&str]) -> Subject {
    match by {
        [] => start(arguments),
        [tool, rest @ ..] => start_by(Command::new(tool).args(rest).arg(PATH).args(arguments)),
    }
}

fn start_by(command: &mut Command) -> Subject {
    // What it panics with on purpose needs no explanation.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).env("RUST_BACKTRACE", "0");
    let mut program = command.spawn().expect("the program can be run");
    let output = program.stdout.take().expect("it is piped");
    let (sender, lines) = channel();
    thread::spawn(move || {
        BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    Subject { program, lines }
}

impl Subject {
    /// The next line it prints.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(GUARD).expect("the program prints a line")
    }

    /// The rest of the next line that begins with `start`; those before it are skipped.
    #[track_caller]
    pub(crate) fn after(&self, start: &str) -> String {
        loop {
            if let Some(rest) = self.line().strip_prefix(start) {
                return rest.to_owned();
            }
        }
    }

    /// Asks it to end, as a supervisor does. For one that was started without a tracer.
    pub(crate) fn terminate(&self) {
        let pid = i32::try_from(self.program.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, Signal::TERM).expect("it is our child");
    }

    /// Gives it a line to read.
    #[track_caller]
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.program.stdin.as_mut().expect("it isn't closed"), "{line}").expect("it reads");
    }

    /// Its process id, or that of the tracer.
    pub(crate) fn pid(&self) -> u32 {
        self.program.id()
    }

    /// Waits until all threads of it and of its children sleep, at the same moment: they have come to whatever they were told. For one that
    /// was started without a tracer.
    #[track_caller]
    pub(crate) fn wait_until_asleep(&self) {
        wait_for("the program to sleep", || {
            let living = children_of(self.pid()).into_iter().filter(|(_, is_zombie)| !is_zombie);
            processes_sleep(&living.map(|(pid, _)| pid).chain([self.pid()]).collect::<Vec<_>>())
        });
    }

    /// Closes what it reads from.
    pub(crate) fn close_input(&mut self) {
        drop(self.program.stdin.take());
    }

    /// Waits for its end; gives its status and what it had still to say.
    #[track_caller]
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>) {
        let mut status = None;
        wait_for("the program to end", || {
            status = self.program.try_wait().expect("it is our child");
            status.is_some()
        });
        let rest = std::iter::from_fn(|| self.lines.recv_timeout(GUARD).ok()).collect();
        (status.expect("it has ended"), rest)
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.program.kill(); // it may have ended
        let _ = self.program.wait();
    }
}

/// The children of the process `parent`, and whether each is a zombie.
pub(crate) fn children_of(parent: u32) -> Vec<(u32, bool)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc is mounted").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default(); // it may have gone
        let Some((_, fields)) = stat.rsplit_once(") ") else { continue };
        let mut fields = fields.split(' ');
        let state = fields.next();
        if fields.next() == Some(&parent.to_string()) {
            found.push((pid, state == Some("Z")));
        }
    }
    found
}
