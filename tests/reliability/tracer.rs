//! System calls that fail in a process that runs.

use crate::{Injection, Program, is_zombie, threads, wait_for};
use std::{
    fs,
    process::{Child, Command, Stdio},
};

/// strace, attached to a server and its children; they go on without it when this is dropped, by when each fault must have been met.
#[derive(Debug)]
pub struct Tracer {
    strace: Child,
    /// What fails.
    pub injection: Injection,
}

impl Tracer {
    /// From now on, or from the next call if one blocks, system calls of these fail as [`Injection`] says.
    ///
    /// # Panics
    /// If strace can't be run or attached.
    #[track_caller]
    pub fn attach(server: &Program, faults: &[&str]) -> Self {
        let pids: Vec<_> = [server.pid].into_iter().chain(server.children()).collect();
        Self::attach_to(&pids, faults)
    }

    /// To these processes, and to the children that they fork from now on.
    ///
    /// # Panics
    /// As [`attach`](Self::attach).
    #[track_caller]
    pub fn attach_to(pids: &[u32], faults: &[&str]) -> Self {
        let injection = Injection::of(faults);
        let mut command = Command::new(&injection[0]);
        command.args(&injection[1..]);
        for pid in pids {
            command.arg("-p").arg(pid.to_string());
        }
        let strace = command.stdin(Stdio::null()).spawn().expect("strace is installed");
        // A child may end meanwhile.
        wait_for("strace to attach", || pids.iter().all(|pid| is_traced(*pid) || has_ended(*pid)));
        Tracer { strace, injection }
    }
}

fn has_ended(pid: u32) -> bool {
    threads(pid) == 0 || is_zombie(pid)
}

/// Whether each thread is.
fn is_traced(pid: u32) -> bool {
    let tasks: Vec<_> = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten().collect();
    let has_tracer = |task: &fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("TracerPid:").is_some_and(|it| it.trim() != "0"))
    };
    !tasks.is_empty() && tasks.iter().all(has_tracer)
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // It lets go before it ends.
        let _ = crate::signal(self.strace.id(), rustix::process::Signal::TERM);
        let _ = self.strace.wait();
    }
}
