//! What /proc says of a process, and signals to it.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

/// The fields of a `stat` file that follow the name: state, parent …
fn stat(pid: u32) -> Vec<String> {
    stat_at(Path::new(&format!("/proc/{pid}")))
}

fn stat_at(folder: &Path) -> Vec<String> {
    let stat = fs::read_to_string(folder.join("stat")).unwrap_or_default(); // it may have gone
    stat.rsplit_once(") ").map_or_else(Vec::new, |(_, rest)| rest.split(' ').map(str::to_owned).collect())
}

/// The living children of `parent`.
pub fn children_of(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent = parent.to_string();
    pids.filter(|pid| matches!(&stat(*pid)[..], [state, of, ..] if *of == parent && state != "Z")).collect()
}

/// Whether `pid` has ended, and its parent hasn't noticed.
pub fn is_zombie(pid: u32) -> bool {
    stat(pid).first().is_some_and(|state| state == "Z")
}

/// Whether `pid` has been stopped by a signal, with all its threads: each goes on until it notices.
pub fn is_stopped(pid: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let states: Vec<_> = tasks.map(|task| stat_at(&task.path()).into_iter().next()).collect();
    !states.is_empty() && states.iter().all(|state| state.as_deref() == Some("T"))
}

/// How many descriptors `pid` has open.
pub fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// How many threads `pid` has.
pub fn threads(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

/// The memory of `pid` that is in RAM, in bytes.
pub fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
}

/// Sends a signal.
///
/// # Errors
/// If there is no such process.
pub fn signal(pid: u32, signal: Signal) -> io::Result<()> {
    let pid = Pid::from_raw(pid.cast_signed()).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(kill_process(pid, signal)?)
}

/// The CPU time that a process and its children take, from a point in time on.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pid: u32,
    used: Duration,
    since: Instant,
}

impl Usage {
    /// Of `pid`, from now on.
    pub fn of(pid: u32) -> Self {
        Usage { pid, used: cpu_time(pid), since: Instant::now() }
    }

    /// Which share of one CPU it was so far: 1 is what a loop takes that never waits.
    pub fn share(&self) -> f64 {
        let used = cpu_time(self.pid).saturating_sub(self.used);
        used.as_secs_f64() / self.since.elapsed().as_secs_f64()
    }
}

/// In user and kernel mode, with children: those that live, and those that were waited for.
fn cpu_time(pid: u32) -> Duration {
    let of = |pid: u32, fields: std::ops::Range<usize>| -> u64 {
        stat(pid).get(fields).unwrap_or_default().iter().filter_map(|it| it.parse::<u64>().ok()).sum()
    };
    // proc(5): utime, stime, cutime and cstime are the fields 14 to 17, of which the first two aren't here; in ticks of 10 ms.
    let ticks = of(pid, 11..15) + children_of(pid).into_iter().map(|child| of(child, 11..13)).sum::<u64>();
    Duration::from_millis(ticks * 10)
}
