//! System calls that strace makes fail, and its word that it did.

use std::{collections::BTreeMap, fs, ops::Deref, path::PathBuf, thread};
use tempfile::NamedTempFile;

/// The words of a command by which another one is run, in which system calls fail as strace's `-e inject=` has it:
/// `accept4:error=EMFILE:when=2+2`. Without faults there are no words. The count of `when` is each thread's own.
///
/// A program may come to use other calls than those that a test has fail, and then the test would show nothing. So strace notes what it did,
/// and who drops this without a fault having been met fails.
#[derive(Debug)]
pub struct Injection {
    faults: Vec<String>,
    notes: NamedTempFile,
    words: Vec<PathBuf>,
}

impl Injection {
    /// Of these faults; those of several calls at once name them with commas in between.
    ///
    /// # Panics
    /// If there is no place for strace's notes.
    #[track_caller]
    pub fn of(faults: &[&str]) -> Self {
        let notes = NamedTempFile::new().expect("a place for notes");
        let faults: Vec<_> = faults.iter().map(|&it| it.to_owned()).collect();
        let calls: Vec<_> = faults.iter().map(|it| calls_of(it)).collect();
        let mut words: Vec<PathBuf> = Vec::new();
        if !faults.is_empty() {
            words.extend(["strace", "-f", "-qq", "-o"].map(Into::into));
            words.extend([notes.path().into(), "-e".into(), format!("trace={}", calls.join(",")).into()]);
            words.extend(faults.iter().flat_map(|fault| ["-e".into(), format!("inject={fault}").into()]));
        }
        Injection { faults, notes, words }
    }

    /// How often each call has been made to fail.
    pub fn seen(&self) -> BTreeMap<String, u64> {
        let mut seen = BTreeMap::new();
        let notes = fs::read(self.notes.path()).unwrap_or_default();
        for line in String::from_utf8_lossy(&notes).lines().filter(|line| line.contains("(INJECTED)")) {
            // `123 accept4(…`, or `123 <... accept4 resumed>` if it was interrupted by another line.
            let call = line.trim_start_matches(|it: char| it.is_ascii_digit() || it == ' ');
            let name = call.trim_start_matches("<... ").split(['(', ' ']).next().unwrap_or_default();
            *seen.entry(name.to_owned()).or_default() += 1;
        }
        seen
    }

    /// Each of these calls of a server, `whose` mix-in this is, must have failed by now.
    ///
    /// # Panics
    /// If one hasn't.
    #[track_caller]
    pub fn expect(&self, whose: &str, calls: &[&str]) {
        let seen = self.seen();
        let missed: Vec<_> = calls.iter().filter(|&&call| !seen.contains_key(call)).collect();
        assert!(missed.is_empty(), "{whose} met no failure of {missed:?}, but {seen:?}");
    }
}

fn calls_of(fault: &str) -> &str {
    fault.split(':').next().unwrap_or(fault)
}

impl Deref for Injection {
    type Target = [PathBuf];
    fn deref(&self) -> &[PathBuf] {
        &self.words
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let seen = self.seen();
        for fault in &self.faults {
            let is_met = calls_of(fault).split(',').any(|call| seen.contains_key(call));
            assert!(is_met, "nobody met the fault {fault}, but {seen:?}");
        }
    }
}
