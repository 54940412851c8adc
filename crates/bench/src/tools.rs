//! What strace and callgrind count: figures that don't depend on how busy the machine is.

use crate::{
    Error,
    load::one_by_one,
    server::Server,
    work::{Place, Work},
};
use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// A program that is installed.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// System calls by name, per request.
#[derive(Debug, Clone, Default)]
pub struct Syscalls(pub BTreeMap<String, f64>);

impl Syscalls {
    /// Of all names.
    pub fn total(&self) -> f64 {
        self.0.values().sum()
    }

    /// As `strace -c` counts them, in a server that answers one request at a time. Those of its start and end aren't counted: it is run
    /// with two numbers of requests, and this is the difference.
    ///
    /// # Errors
    /// If the server or strace fails.
    pub fn count(name: &str, work: Work) -> Result<Self, Error> {
        Self::count_of(&env::current_exe()?, name, work)
    }

    /// The same where `program` is the benchmark, for those who aren't.
    ///
    /// # Errors
    /// If the server or strace fails.
    pub fn count_of(program: &Path, name: &str, work: Work) -> Result<Self, Error> {
        const MORE: usize = 1_000;
        let few = strace(program, name, work, 200)?;
        let mut counts = strace(program, name, work, 200 + MORE)?;
        for (call, count) in &mut counts {
            *count = (*count - few.get(call).unwrap_or(&0.0)) / MORE as f64;
        }
        // What happens now and then, by time, isn't a request's.
        counts.retain(|_, count| *count >= 0.05);
        Ok(Syscalls(counts))
    }
}

fn strace(program: &Path, name: &str, work: Work, requests: usize) -> Result<BTreeMap<String, f64>, Error> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("counts");
    let strace = find("strace").ok_or("strace is not installed")?;
    let mut line: Vec<OsString> = vec![strace.into()];
    line.extend(["-f", "-c", "-U", "calls,name", "-o"].map(OsString::from));
    line.push(file.clone().into());
    let server = Server::start_under(&line, program, name, work, Place::Inet)?;
    one_by_one::run(&server, work, 1, requests)?;
    server.end()?;
    let text = fs::read_to_string(file)?;
    let rows = text.lines().filter_map(|row| {
        let mut words = row.split_whitespace();
        let count = words.next()?.parse().ok()?;
        Some((words.next()?.to_owned(), count))
    });
    // A call that strace was too late to see the beginning of has no name.
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    Ok(rows.filter(|(name, _)| name != "total" && is_name(name)).collect())
}

/// Instructions per request outside the kernel, as callgrind counts them, over a few connections in turn.
///
/// # Errors
/// If the server or valgrind fails.
pub fn instructions(name: &str, work: Work) -> Result<f64, Error> {
    const MORE: usize = 4_000;
    let (few, many) = (callgrind(name, work, 1_000)?, callgrind(name, work, 1_000 + MORE)?);
    Ok((many - few) / MORE as f64)
}

fn callgrind(name: &str, work: Work, requests: usize) -> Result<f64, Error> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("counts");
    let valgrind = find("valgrind").ok_or("valgrind is not installed")?;
    let mut out = OsString::from("--callgrind-out-file=");
    out.push(&file);
    let line = [valgrind.into(), "--quiet".into(), "--tool=callgrind".into(), out];
    let server = Server::start_under(&line, &env::current_exe()?, name, work, Place::Inet)?;
    one_by_one::run(&server, work, 8, requests)?;
    server.terminate()?;
    let text = fs::read_to_string(file)?;
    let total = text.lines().rev().find_map(|row| row.strip_prefix("totals:"));
    Ok(total.ok_or("callgrind wrote no total")?.trim().parse()?)
}
