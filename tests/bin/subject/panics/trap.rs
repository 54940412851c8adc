//! Panics where it is told to, once, in whichever process comes there first.

use rustix::{io::write, stdio::stdout};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A place is armed by a file of its name, which who steps on it takes away.
#[derive(Debug, Clone)]
pub(crate) struct Trap(Arc<PathBuf>);

impl Trap {
    pub(crate) fn new(folder: &str) -> Self {
        Trap(Arc::new(Path::new(folder).into()))
    }

    /// Whether the place was armed, which it is no more.
    pub(crate) fn takes(&self, place: &str) -> bool {
        fs::remove_file(self.0.join(place)).is_ok()
    }

    pub(crate) fn arm(&self, place: &str) {
        fs::write(self.0.join(place), "").expect("the folder is ours");
    }

    pub(crate) fn step_on(&self, place: &str) {
        if self.takes(place) {
            panic!("in {place}");
        }
    }
}

/// A line, whole, from whichever process.
pub(crate) fn say(line: &str) {
    let _ = write(stdout(), format!("{line}\n").as_bytes()); // who listened may have gone
}

/// An error with traps all over it.
#[derive(Debug)]
pub(crate) struct Trapped(pub(crate) Trap);

impl fmt::Display for Trapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.step_on("error_display");
        f.write_str("as was asked")
    }
}
impl std::error::Error for Trapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.step_on("error_source");
        None
    }
}
impl Drop for Trapped {
    fn drop(&mut self) {
        self.0.step_on("error_drop");
    }
}

/// What a panic carries, with another in it.
pub(crate) struct Bomb;
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in the payload of a panic");
    }
}
