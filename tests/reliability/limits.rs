//! Descriptors and memory that are really exhausted, and had again, while the server runs: prlimit(2).

use crate::children_of;
use rustix::{
    io::Errno,
    process::{Pid, Resource, Rlimit, prlimit},
};
use std::{collections::BTreeSet, fs, io};

const PLENTY: u64 = 1024;

/// From now on the process gets no further descriptor, nor do its children: the limit is at the lowest that is free.
///
/// # Errors
/// What prlimit(2) fails with.
pub fn exhaust_descriptors(pid: u32) -> io::Result<()> {
    all_of(pid, |pid| {
        let entries = fs::read_dir(format!("/proc/{pid}/fd"))?.flatten();
        let open: BTreeSet<u64> = entries.filter_map(|it| it.file_name().to_str()?.parse().ok()).collect();
        limit(pid, (0..).find(|number| !open.contains(number)).unwrap_or(PLENTY))
    })
}

/// From now on the process gets only descriptors below `number`, and so do its children.
///
/// # Errors
/// What prlimit(2) fails with.
pub fn limit_descriptors(pid: u32, number: u64) -> io::Result<()> {
    all_of(pid, |pid| limit(pid, number))
}

/// There are plenty again.
///
/// # Errors
/// What prlimit(2) fails with.
pub fn restore_descriptors(pid: u32) -> io::Result<()> {
    all_of(pid, |pid| limit(pid, PLENTY))
}

/// From now on the process gets only so many bytes more than it has, and so does each of its children.
///
/// # Errors
/// What prlimit(2) fails with.
pub fn limit_memory(pid: u32, left: u64) -> io::Result<()> {
    all_of(pid, |pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let size = status
            .lines()
            .find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        let all = size.ok_or(io::ErrorKind::NotFound)? * 1024 + left;
        let limit = Rlimit { current: Some(all), maximum: None };
        prlimit(Pid::from_raw(pid.cast_signed()), Resource::As, limit).map(drop).map_err(Into::into)
    })
}

fn all_of(pid: u32, change: impl Fn(u32) -> io::Result<()>) -> io::Result<()> {
    change(pid)?;
    children_of(pid).into_iter().try_for_each(|child| match change(child) {
        Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::SRCH | Errno::NOENT)) => Ok(()), // it has ended meanwhile
        changed => changed,
    })
}

fn limit(pid: u32, current: u64) -> io::Result<()> {
    let pid = Pid::from_raw(pid.cast_signed());
    let limit = Rlimit { current: Some(current), maximum: Some(PLENTY) };
    prlimit(pid, Resource::Nofile, limit).map(drop).map_err(Into::into)
}
