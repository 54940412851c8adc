//! What /proc tells of a server: its CPU time and memory, with those of the processes it has forked.

use rustix::param::clock_ticks_per_second;
use std::{fs, io, time::Duration};

/// A server's processes: those of a process group.
#[derive(Debug, Clone, Copy)]
pub struct Group(pub u32);

/// What a server's memory is, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// What is resident; pages that processes share count in each.
    pub resident: u64,
    /// The same, where what is shared is divided among those that share it.
    pub proportional: u64,
}

/// What stands in /proc/PID/stat.
struct Stat {
    group: u32,
    /// Of the process and of its children that have been waited for.
    ticks: u64,
    threads: usize,
}

impl Group {
    /// The processes of the group, those that have ended and weren't waited for included.
    ///
    /// # Errors
    /// If /proc can't be read.
    pub fn members(self) -> io::Result<Vec<u32>> {
        Ok(self.stats()?.into_iter().map(|(pid, _)| pid).collect())
    }

    /// The CPU time that the group has used since it began.
    ///
    /// # Errors
    /// If /proc can't be read.
    pub fn cpu(self) -> io::Result<Duration> {
        let ticks: u64 = self.stats()?.iter().map(|(_, stat)| stat.ticks).sum();
        Ok(Duration::from_secs_f64(ticks as f64 / clock_ticks_per_second() as f64))
    }

    /// How many threads there are.
    ///
    /// # Errors
    /// If /proc can't be read.
    pub fn threads(self) -> io::Result<usize> {
        Ok(self.stats()?.iter().map(|(_, stat)| stat.threads).sum())
    }

    /// The group's memory.
    ///
    /// # Errors
    /// If /proc can't be read.
    pub fn memory(self) -> io::Result<Memory> {
        let mut sum = Memory::default();
        for pid in self.members()? {
            // It may have ended, as the child of a request does.
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let field = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
            };
            sum.resident += field("Rss:");
            sum.proportional += field("Pss:");
        }
        Ok(sum)
    }

    fn stats(self) -> io::Result<Vec<(u32, Stat)>> {
        let entries = fs::read_dir("/proc")?.flatten();
        let pids = entries.filter_map(|it| it.file_name().to_str()?.parse().ok());
        Ok(pids.filter_map(|pid| Some((pid, stat(pid)?))).filter(|(_, it)| it.group == self.0).collect())
    }
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?; // it may have gone
    // After the name, which may hold anything: state, parent, group …; see proc_pid_stat(5).
    let fields: Vec<_> = text.rsplit_once(") ")?.1.split(' ').collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Stat {
        group: u32::try_from(number(2)?).ok()?,
        ticks: number(11)? + number(12)? + number(13)? + number(14)?,
        threads: usize::try_from(number(17)?).ok()?,
    })
}
