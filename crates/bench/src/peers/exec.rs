//! Servers in other languages: this process becomes them.

use super::{build_c::binary, socket_path};
use crate::work::{Place, SIZE, Work};
use std::{
    io,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

/// Which Python is compared: its name and version.
///
/// # Errors
/// If there is none.
pub fn python() -> Result<String, String> {
    let output = Command::new("python3")
        .args(["-c", "import platform; print(platform.python_implementation(), platform.python_version())"])
        .stderr(Stdio::null())
        .output()
        .map_err(|_| "python3 is not installed")?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && !text.is_empty() { Ok(text) } else { Err("python3 doesn't work".into()) }
}

pub(super) fn run_python(name: &str, work: Work, place: Place) -> io::Error {
    let work = work.to_string();
    let path = match place {
        Place::Inet => String::new(),
        Place::Unix => socket_path().display().to_string(),
    };
    let arguments = ["-c", include_str!("peer.py"), name, &work, &SIZE.to_string(), &path];
    // It prints a traceback for each client that is gone when the benchmark is over.
    Command::new("python3").args(arguments).stderr(Stdio::null()).exec()
}

pub(super) fn c(mode: &str, work: Work) -> io::Error {
    match binary() {
        Ok(binary) => Command::new(binary).args([mode, &work.to_string()]).exec(),
        Err(error) => io::Error::other(error),
    }
}
