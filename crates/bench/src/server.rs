//! A server in a process of its own.

use crate::{
    Error,
    process::Group,
    work::{Place, Work},
};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Where clients find a server.
#[derive(Debug, Clone)]
pub enum Target {
    /// By TCP or UDP.
    Inet(SocketAddr),
    /// By a Unix stream.
    Unix(PathBuf),
}

/// A server that runs; killed with all it has forked when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where clients find it.
    pub target: Target,
    /// Its processes.
    pub group: Group,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts the server `name` of [`peers`](crate::peers), and waits until it listens.
    ///
    /// # Errors
    /// If it doesn't come up.
    pub fn start(name: &str, work: Work, place: Place) -> Result<Self, Error> {
        Self::start_under(&[], &std::env::current_exe()?, name, work, place)
    }

    /// The same under a tool such as strace, which gets the server's command line as its last arguments. `program` is the benchmark.
    ///
    /// # Errors
    /// If it doesn't come up.
    pub fn start_under(
        tool: &[OsString],
        program: &Path,
        name: &str,
        work: Work,
        place: Place,
    ) -> Result<Self, Error> {
        let words =
            [program.into(), "peer".into(), name.into(), work.to_string().into(), place.to_string().into()];
        let line: Vec<_> = tool.iter().chain(&words).collect();
        let folder = tempfile::tempdir()?;
        let mut child = Command::new(line[0])
            .args(&line[1..])
            .env("SOCKETSERVER_BENCH_FOLDER", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().ok_or("a pipe")?).read_line(&mut address)?;
        let address = address.trim();
        let group = Group(child.id());
        let target = match address {
            "" => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{name} did not come up").into());
            }
            path if path.starts_with('/') => Target::Unix(path.into()),
            address => Target::Inet(address.parse()?),
        };
        Ok(Server { target, group, child, _folder: folder })
    }

    /// Its UDP or TCP address.
    ///
    /// # Errors
    /// If it has none.
    pub fn address(&self) -> Result<SocketAddr, Error> {
        match &self.target {
            Target::Inet(address) => Ok(*address),
            Target::Unix(_) => Err("a server on a Unix socket has no such address".into()),
        }
    }

    /// Kills what runs under a tool, and waits for the tool to write what it has found.
    ///
    /// # Errors
    /// If /proc can't be read.
    pub fn end(mut self) -> Result<(), Error> {
        let tool = Pid::from_child(&self.child);
        let members = self.group.members()?.into_iter();
        for pid in
            members.filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).filter(|pid| *pid != tool)
        {
            let _ = kill_process(pid, Signal::KILL); // it may have gone
        }
        Ok(self.child.wait().map(drop)?)
    }

    /// Ends it by SIGTERM, for a tool in which the server runs as in a machine, such as valgrind, and waits for the tool to write what it
    /// has found.
    ///
    /// # Errors
    /// If there is nothing to end.
    pub fn terminate(mut self) -> Result<(), Error> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        Ok(self.child.wait().map(drop)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL); // it may have gone
        let _ = self.child.wait();
    }
}
