//! The servers in C are compiled when they are first needed, beside this program.

use std::{fs, path::PathBuf, process::Command};

const SOURCE: &str = include_str!("peer.c");

/// Which compiler there is: the first line of what `cc --version` says.
///
/// # Errors
/// If there is none.
pub fn compiler() -> Result<String, String> {
    let output = Command::new("cc").arg("--version").output().map_err(|_| "cc is not installed")?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or("cc").to_owned())
}

/// The program, compiled if there is none of this source yet.
pub(super) fn binary() -> Result<PathBuf, String> {
    let text = |error: std::io::Error| error.to_string();
    let me = std::env::current_exe().map_err(text)?;
    let (source, program) = (me.with_file_name("bench-peer.c"), me.with_file_name("bench-peer-c"));
    if !program.exists() || fs::read(&source).ok().as_deref() != Some(SOURCE.as_bytes()) {
        let _ = fs::remove_file(&program);
        fs::write(&source, SOURCE).map_err(text)?;
        let status = Command::new("cc")
            .args(["-O2", "-pthread", "-o"])
            .args([&program, &source])
            .status()
            .map_err(text)?;
        if !status.success() {
            return Err("cc failed".into());
        }
    }
    Ok(program)
}
