//! What this process has: descriptors, threads, children; by /proc.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

/// How many descriptors this process has open. To be compared where nothing else in the process opens any.
pub(crate) fn fd_count() -> usize {
    fs::read_dir("/proc/self/fd").expect("/proc is mounted").count() - 1 // the directory itself is one
}

/// How many threads this process has.
pub(crate) fn thread_count() -> usize {
    fs::read_dir("/proc/self/task").expect("/proc is mounted").count()
}

/// The ids of this process's children, those that ended and weren't waited for included.
pub(crate) fn children() -> Vec<u32> {
    let me = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc is mounted").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default(); // it may have gone
        if stat_fields(&stat).nth(1) == Some(&me) {
            found.push(pid);
        }
    }
    found
}

/// Whether the process `pid` has ended and waits for its parent to notice.
pub(crate) fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat_fields(&stat).next() == Some("Z")
}

/// The fields of a `stat` file that follow the name: state, parent …
fn stat_fields(stat: &str) -> impl Iterator<Item = &str> {
    stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ')
}

/// A name that no other thread has, nor the main thread of a process that isn't forked by one that has it.
pub(crate) fn fresh_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("serve-{}.", COUNT.fetch_add(1, SeqCst))
}

/// Whether there is a moment, now, at which all sleep of this process's threads whose names begin with one of these, and all threads of its
/// children whose main thread has such a name: a child's has that of the thread that forked it.
pub(crate) fn are_asleep(names: &[&str]) -> bool {
    let first = look(names);
    slept_through(&first, || look(names))
}

/// Whether there is a moment, now, at which all threads of these processes sleep.
pub(crate) fn processes_sleep(pids: &[u32]) -> bool {
    let look = || pids.iter().flat_map(|pid| statuses(&pid.to_string())).collect::<Vec<_>>();
    slept_through(&look(), look)
}

fn slept_through(first: &[String], look_again: impl FnOnce() -> Vec<String>) -> bool {
    let is_asleep = |status: &String| line_of(status, "State:").starts_with('S');
    // Who was asleep at both looks, and hasn't run in between, slept all the time from the one to the other.
    let runs = |status: &String| line_of(status, "voluntary_ctxt_switches:").to_owned();
    !first.is_empty() && first.iter().all(is_asleep) && {
        let second = look_again();
        second.iter().all(is_asleep) && first.iter().map(runs).eq(second.iter().map(runs))
    }
}

/// The `status` files of those threads.
fn look(names: &[&str]) -> Vec<String> {
    let is_one = |status: &String| names.iter().any(|name| line_of(status, "Name:").starts_with(name));
    let mut found: Vec<_> = statuses("self").into_iter().filter(is_one).collect();
    for child in children() {
        let all = statuses(&child.to_string());
        if all.first().is_some_and(is_one) && !is_zombie(child) {
            found.extend(all);
        }
    }
    found
}

/// Of all threads of a process, its main thread first.
fn statuses(pid: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok()).collect() // it may have ended
}

fn line_of<'a>(status: &'a str, name: &str) -> &'a str {
    status.lines().find_map(|line| line.strip_prefix(name)).map_or("", str::trim)
}

/// Names the calling thread to others, so that they can see whether it sleeps.
#[derive(Debug, Clone)]
pub(crate) struct ThreadId(PathBuf);

impl ThreadId {
    /// Of the calling thread.
    pub(crate) fn mine() -> Self {
        let of_this = fs::read_link("/proc/thread-self").expect("/proc is mounted");
        ThreadId(PathBuf::from("/proc").join(of_this).join("stat"))
    }

    /// Whether it waits for something at this moment.
    pub(crate) fn is_asleep(&self) -> bool {
        let stat = fs::read_to_string(&self.0).unwrap_or_default();
        stat_fields(&stat).next() == Some("S")
    }
}
