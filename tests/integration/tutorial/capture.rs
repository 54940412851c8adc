//! The recorded handshake, against one that is recorded now.

use super::{markdown::folder, ports::free_port};
use crate::{
    examples::{client_process::output_of, programs::example},
    util::{finishes, tool},
};
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// What was typed when the recording of the tutorial was made.
const CALLS: &[u8] =
    b"client connect\nserver accept\nclient send hello\nserver recv\nserver send HELLO\nclient recv\n\
client shutdown\nserver recv\nserver close\nclient close\nquit\n";

#[test]
fn a_handshake_has_the_recorded_segments() {
    let Some(tcpdump) = tool("tcpdump") else { return };
    let recorded = fs::read_to_string(folder().join("handshake.txt")).expect("the recording");
    let recorded: Vec<_> = recorded.lines().map(|line| segment(line, "8080")).collect();
    assert_eq!(recorded.len(), 11, "{recorded:?}");

    let port = free_port(&BTreeSet::new());
    let mut command = Command::new(tcpdump);
    command.args(["-n", "-l", "--immediate-mode", "-i", "lo", "tcp", "port", &port]);
    let mut tcpdump = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("tcpdump runs");
    let mut told = BufReader::new(tcpdump.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let listens = finishes("the start of tcpdump", move || told.any(|line| line.starts_with("listening on")));
    if !listens {
        tcpdump.wait().expect("a child of ours");
        return eprintln!("skipped: tcpdump isn't permitted to record");
    }
    let mut handshake = example("handshake-seen");
    handshake.arg(format!("127.0.0.1:{port}"));
    output_of(handshake, CALLS);

    let output = BufReader::new(tcpdump.stdout.take().expect("a pipe"));
    let lines = output.lines().map_while(Result::ok).take(recorded.len());
    let now: Vec<_> =
        finishes("the recording", move || lines.map(|line| segment(&line, &port)).collect::<Vec<_>>());
    let _ = tcpdump.kill(); // it may have failed
    tcpdump.wait().expect("a child of ours");
    assert_eq!(now, recorded);
}

/// Who sends, and the flags.
fn segment(line: &str, port: &str) -> (bool, String) {
    let (addresses, rest) = line.split_once(": Flags [").unwrap_or_else(|| panic!("{line:?}"));
    let to_server = addresses.ends_with(&format!(".{port}"));
    (to_server, rest.split(']').next().unwrap_or_default().to_owned())
}
