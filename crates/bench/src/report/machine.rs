//! Where and how it was measured.

use crate::{
    load::Span,
    peers::{compiler, python},
};
use std::{fs, thread};

/// A sentence on the machine, the peers' versions and the length of the run.
pub fn machine(rounds: usize, span: Span) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("?", |it| it.1);
    let kernel = fs::read_to_string("/proc/sys/kernel/ostype").unwrap_or_default().trim().to_owned()
        + " "
        + fs::read_to_string("/proc/sys/kernel/osrelease")
            .unwrap_or_default()
            .split('-')
            .next()
            .unwrap_or("")
            .trim();
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    let others: Vec<_> = [python(), compiler()].into_iter().flatten().collect();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{cpus} CPUs ({cpu}), {kernel}; {}. Server and load generator on the same machine, over loopback; {rounds} rounds of {} s each after \
         {} s that aren't counted; load average at the start {}.\n",
        others.join(", "),
        span.counted.as_secs_f64(),
        span.warm_up.as_secs_f64(),
        load.split(' ').next().unwrap_or("?"),
    )
}
