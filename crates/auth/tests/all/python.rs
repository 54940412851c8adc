use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// An interpreter that was found.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    pub(crate) program: PathBuf,
    pub(crate) minor: u32,
}

impl Python {
    /// CPython 3.12 brought named digests.
    pub(crate) fn names_digests(&self) -> bool {
        self.minor >= 12
    }
}

/// One interpreter of each version from 3.6 on: pyenv's, and the one on the path. None is no failure unless
/// `SOCKETSERVER_REQUIRE_TOOLS=1`.
pub(crate) fn pythons() -> Vec<Python> {
    let roots =
        [env::var_os("PYENV_ROOT").map(PathBuf::from), env::home_dir().map(|home| home.join(".pyenv"))];
    let installed = roots
        .into_iter()
        .flatten()
        .filter_map(|root| root.join("versions").read_dir().ok())
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin/python3")));
    let mut found = BTreeMap::new();
    for program in [PathBuf::from("python3")].into_iter().chain(installed) {
        if let Some(minor) = minor(&program) {
            found.entry(minor).or_insert(Python { program, minor });
        }
    }
    if found.is_empty() {
        let required = env::var("SOCKETSERVER_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
        assert!(!required, "no python3 found, and SOCKETSERVER_REQUIRE_TOOLS=1");
        eprintln!("skipped: no python3 found");
    }
    found.into_values().collect()
}

fn minor(program: &Path) -> Option<u32> {
    let script = "import sys; print(*sys.version_info[:2])";
    let output = Command::new(program).args(["-c", script]).stderr(Stdio::null()).output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    let minor = version.trim().strip_prefix("3 ")?.parse().ok()?;
    (minor >= 6).then_some(minor)
}

/// A script of `tests/python` under way; killed if the test gives up.
pub(crate) struct Script {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Script {
    pub(crate) fn start(python: &Python, name: &str, arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(name);
        let mut child = Command::new(&python.program)
            .args(["-B", "-u"])
            .arg(script)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("an interpreter that told its version runs");
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// Its next line.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The rest of what it says, once it has ended well.
    pub(crate) fn finish(mut self) -> String {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        rest.trim_end().to_owned()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `send_bytes`, which follows the handshake.
pub(crate) fn send_bytes(stream: &mut impl Write, message: &[u8]) {
    stream.write_all(&crate::multiprocessing::framed(message)).unwrap();
}

/// `recv_bytes`.
pub(crate) fn recv_bytes(stream: &mut impl Read) -> Vec<u8> {
    let length = u32::from_be_bytes(crate::util::take(stream, 4).try_into().unwrap());
    crate::util::take(stream, length as usize)
}
