//! What this process has: descriptors, threads, children; by /proc.

use std::{fs, path::PathBuf};

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
