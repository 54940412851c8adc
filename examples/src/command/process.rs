//! A command in a process group of its own, which does not outlive us.

use super::output::Source;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    ffi::OsStr,
    io::{self, PipeReader, PipeWriter, pipe},
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt, process::CommandExt},
    },
    process::{Child, Command, Stdio},
};

/// A running command; killed with its whole process group when dropped, unless it is [done](Self::done).
pub(super) struct Process {
    group: Group,
    shell: Child,
    is_done: bool,
    /// What the command writes to; whoever reads an end removes it.
    pub(super) outputs: Vec<(Source, PipeReader)>,
    /// Readable once the shell has ended, where the system has such descriptors.
    pub(super) exit: Option<OwnedFd>,
}

impl Process {
    /// Has `/bin/sh` run `command`. Its standard input is empty.
    ///
    /// # Errors
    /// What fork and exec fail with; [`InvalidInput`](io::ErrorKind::InvalidInput) if there is a NUL in the command.
    pub(super) fn start(command: &[u8]) -> io::Result<Self> {
        let group = Group::start()?;
        let (stdout, its_stdout) = pipe()?;
        let (stderr, its_stderr) = pipe()?;
        let shell = Command::new("/bin/sh")
            .arg("-c")
            .arg(OsStr::from_bytes(command))
            .stdin(Stdio::null())
            .stdout(its_stdout)
            .stderr(its_stderr)
            .process_group(group.id().as_raw_pid())
            .spawn()?;
        let exit = exit_of(&shell);
        let outputs = vec![(Source::Stdout, stdout), (Source::Stderr, stderr)];
        Ok(Process { group, shell, is_done: false, outputs, exit })
    }

    /// Whether the shell has ended.
    ///
    /// # Errors
    /// What waitpid(2) fails with.
    pub(super) fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.shell.try_wait()?.is_some())
    }

    /// The command has ended by itself. What it may have started in the background, with its output elsewhere, goes on.
    pub(super) fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = kill_process_group(self.group.id(), Signal::KILL);
        }
        let _ = self.shell.wait();
    }
}

/// A process group, led by a process that does nothing but lead it.
///
/// As long as the leader isn't waited for, the group's number can't become somebody else's. And if this process ends before
/// the group is dropped, however it ends, the leader reads the end of a pipe that only we hold, and kills the group: a forking
/// server's child may be killed at any time, and nobody else would know of the command that it ran.
struct Group {
    leader: Child,
    _lifeline: PipeWriter,
}

impl Group {
    fn start() -> io::Result<Self> {
        let (read_by_leader, lifeline) = pipe()?;
        let leader = Command::new("/bin/sh")
            .args(["-c", "read -r _; kill -s KILL 0"])
            .stdin(read_by_leader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Group { leader, _lifeline: lifeline })
    }

    fn id(&self) -> Pid {
        Pid::from_child(&self.leader)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The leader alone; members live on unless they were killed before.
        let _ = self.leader.kill();
        let _ = self.leader.wait();
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn exit_of(child: &Child) -> Option<OwnedFd> {
    use rustix::process::{PidfdFlags, pidfd_open};
    pidfd_open(Pid::from_child(child), PidfdFlags::empty()).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn exit_of(_: &Child) -> Option<OwnedFd> {
    None
}
