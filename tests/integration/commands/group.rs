//! A command that would go on for ever, and its process group, so that their end can be seen.

use crate::util::wait_for;
use rustix::process::{Pid, getpgid};
use std::fs;
use tempfile::TempDir;

/// A command that hangs, with a child that does too.
pub(super) struct Hanging {
    folder: TempDir,
}

impl Hanging {
    pub(super) fn new() -> Self {
        Hanging { folder: tempfile::tempdir().expect("a folder") }
    }

    /// The command: writes something, and the ids of its processes to a file.
    pub(super) fn command(&self) -> String {
        let file = self.folder.path().join("ids");
        let file = file.display();
        format!("echo begun; sleep 98765 & echo $$ $! > {file}.new; mv {file}.new {file}; wait")
    }

    /// Waits until it hangs, and gives its group.
    pub(super) fn group(&self) -> Group {
        let file = self.folder.path().join("ids");
        wait_for("the command to hang", || file.exists());
        let text = fs::read_to_string(file).expect("it was moved there whole");
        let ids: Vec<i32> = text.split_whitespace().map(|id| id.parse().expect("an id")).collect();
        let groups = ids.iter().map(|id| getpgid(Pid::from_raw(*id)).expect("it hangs").as_raw_pid());
        let groups: Vec<_> = groups.collect();
        assert!(groups.len() == 2 && groups[0] == groups[1], "{groups:?}");
        let group = Group(groups[0]);
        assert!(group.members().len() >= 2);
        group
    }
}

/// A process group, by number. It had members when it was made.
#[derive(Debug)]
pub(super) struct Group(i32);

impl Group {
    /// Waits until none of its processes is alive.
    #[track_caller]
    pub(super) fn assert_dies(&self) {
        wait_for("the command's process group to end", || self.members().is_empty());
    }

    /// The processes in the group that run.
    pub(super) fn members(&self) -> Vec<u32> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").expect("/proc is mounted").flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default(); // it may have gone
            let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').collect::<Vec<_>>();
            if let [state, _parent, group, ..] = fields[..]
                && state != "Z"
                && group.parse() == Ok(self.0)
            {
                found.push(id);
            }
        }
        found
    }
}
