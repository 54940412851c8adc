//! The Python programs at the other end.

use crate::{examples::server_process::ServerProcess, util::tool};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A script of `tests/python`, ready to be started.
pub(super) fn script(python: &Path, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(python);
    command.args(["-B", "-u"]).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name));
    command.args(arguments).env("LC_ALL", "C").env("PYTHONIOENCODING", "utf-8");
    command
}

/// A script that listens, running.
pub(super) fn server(python: &Path, name: &str, arguments: &[&str]) -> ServerProcess {
    ServerProcess::launch(script(python, name, arguments)).expect("it says where it listens")
}

/// A Python of some version.
#[derive(Debug)]
pub(super) struct Python {
    pub(super) program: PathBuf,
    minor: u32,
}

impl Python {
    /// Whether its `multiprocessing` knows no better digest than MD5.
    pub(super) fn is_legacy(&self) -> bool {
        self.minor < 12
    }
}

/// One Python of each version from 3.8 on that is found: on the path, or where pyenv keeps them.
pub(super) fn pythons() -> Vec<Python> {
    let versions = env::home_dir().map(|home| home.join(".pyenv/versions"));
    let folders = versions.and_then(|it| fs::read_dir(it).ok()).into_iter().flatten().flatten();
    let installed =
        folders.map(|folder| folder.path().join("bin/python3")).filter(|program| program.is_file());
    let mut found: Vec<Python> = Vec::new();
    for program in tool("python3").into_iter().chain(installed) {
        let told = Command::new(&program)
            .args(["-c", "import sys; print(sys.version_info[1])"])
            .stderr(Stdio::null())
            .output()
            .ok();
        let minor = told.and_then(|it| String::from_utf8(it.stdout).ok()?.trim().parse().ok());
        if let Some(minor) = minor.filter(|minor| *minor >= 8 && found.iter().all(|it| it.minor != *minor)) {
            found.push(Python { program, minor });
        }
    }
    found
}
