//! The Python programs at the other end.

use crate::{
    examples::{client_process::output_of, server_process::ServerProcess},
    util::tool,
};
use std::{path::Path, process::Command, thread};

/// All mix-ins that the command servers offer.
pub(super) const MIXINS: [&str; 6] =
    ["sequential", "threading", "threadpool", "forking", "prefork", "reactor"];

/// Does the same with every mix-in at once, for tests that wait for time limits.
pub(super) fn with_every_mixin(check: impl Fn(&str) + Sync) {
    thread::scope(|scope| {
        for mixin in MIXINS {
            scope.spawn(|| check(mixin));
        }
    });
}

/// A script of `tests/python`, ready to be started; `None` if there is no Python.
pub(super) fn python(script: &str, arguments: &[&str]) -> Option<Command> {
    let mut command = Command::new(tool("python3")?);
    command.args(["-B", "-u"]).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script));
    command.args(arguments);
    Some(command)
}

/// A server in Python.
pub(super) fn python_server(script: &str, arguments: &[&str]) -> Option<ServerProcess> {
    Some(ServerProcess::launch(python(script, arguments)?).expect("it says where it listens"))
}

/// What a client in Python says of the replies to its commands.
pub(super) fn replies(
    server: &ServerProcess,
    [format, encoding]: [&str; 2],
    commands: &[&str],
) -> Option<Vec<Reply>> {
    let arguments = [&[&*server.address, format, encoding], commands].concat();
    Some(described(&output_of(python("remote_client.py", &arguments)?, b"")))
}

/// A reply as the Python clients describe it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub(super) len: u64,
    pub(super) sha256: String,
    /// As Python's `ascii` writes it.
    pub(super) beginning: String,
}

pub(super) fn described(lines: &str) -> Vec<Reply> {
    let reply = |line: &str| {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let len = words.next()?.parse().ok()?;
        Some(Reply { len, sha256: words.next()?, beginning: words.next()? })
    };
    lines.lines().map(|line| reply(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

/// What is wanted of replies that are short.
pub(super) fn beginnings(replies: &[Reply]) -> Vec<&str> {
    replies.iter().map(|reply| &*reply.beginning).collect()
}

/// The SHA-256 that the system's own program gives of what a shell command writes; `None` if there is no such program.
pub(super) fn sha256_of(command: &str) -> Option<String> {
    tool("sha256sum")?;
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{command} | sha256sum")]);
    Some(output_of(shell, b"").split(' ').next().unwrap_or_default().to_owned())
}
