//! A command that would go on for ever, and its process group, so that their end can be seen.

use crate::util::wait_for;
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

    /// The command: writes something, and the number of its process group to a file.
    pub(super) fn command(&self) -> String {
        let file = self.folder.path().join("group");
        let file = file.display();
        format!(
            "echo begun; sleep 98765 & cut -d' ' -f5 /proc/$$/stat > {file}.new; mv {file}.new {file}; wait"
        )
    }

    /// Waits until it hangs, and gives its group.
    pub(super) fn group(&self) -> Group {
        let mut group = None;
        wait_for("the command to hang", || {
            group = self.group_by_now();
            group.is_some()
        });
        group.expect("just found")
    }

    /// Its group, if it has come so far by now.
    pub(super) fn group_by_now(&self) -> Option<Group> {
        let number = fs::read_to_string(self.folder.path().join("group")).ok()?; // it was moved there whole
        Some(Group(number.trim().parse().expect("a number")))
    }
}

/// A process group, by number.
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
