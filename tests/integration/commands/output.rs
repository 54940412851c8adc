//! What commands write, as a learner's Python client gets it.

use super::peers::{MIXINS, beginnings, replies, sha256_of};
use crate::{
    examples::{client_process::output_of, programs::example, server_process::ServerProcess},
    util::tool,
};
use std::{fs, process::Command};

#[test]
fn every_mixin_answers_one_command_after_another() {
    for mixin in MIXINS {
        let server = ServerProcess::start("remote-command-server", &["--mixin", mixin, "127.0.0.1:0"]);
        let commands = ["echo one", "printf 'no newline'", "cd / && pwd"];
        let Some(replies) = replies(&server, ["i", "utf-8"], &commands) else { return };
        assert_eq!(beginnings(&replies), [r"'one\n'", "'no newline'", r"'/\n'"], "{mixin}");
        server.stop();
    }
}

#[test]
fn stderr_takes_the_place_of_stdout_if_there_is_any() {
    let server = ServerProcess::start("remote-command-server", &["127.0.0.1:0"]);
    let commands = [
        "echo out; echo err >&2; echo out",
        // More of both than a pipe holds, so that whoever reads only one waits for ever.
        "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero",
        "exit 3",
    ];
    let Some(replies) = replies(&server, ["i", "utf-8"], &commands) else { return };
    assert_eq!(replies[0].beginning, r"'err\n'");
    assert_eq!(replies[1].len, 300_000);
    assert_eq!(replies[2].beginning, r"'\u6267\u884c\u6210\u529f'", "nothing was written: it says done");
    server.stop();
}

#[test]
fn the_header_and_the_encoding_are_those_of_the_options() {
    let options = ["--header", "u32-be", "--encoding", "gbk", "127.0.0.1:0"];
    let server = ServerProcess::start("remote-command-server", &options);
    // A client that speaks GBK speaks it both ways: what it sends is what `echo` writes.
    let Some(replies) = replies(&server, ["!I", "gbk"], &["true", "echo 你好"]) else { return };
    assert_eq!(beginnings(&replies), [r"'\u6267\u884c\u6210\u529f'", r"'\u4f60\u597d\n'"]);
    assert_eq!((replies[0].len, replies[1].len), (8, 5), "two bytes a character");
    server.stop();
}

#[test]
fn bytes_that_are_no_text_come_back_as_they_are() {
    let server = ServerProcess::start("remote-command-server", &["127.0.0.1:0"]);
    let every_byte = (0..=255).map(|byte| format!("\\{byte:03o}")).collect::<String>();
    let commands = [&*format!("printf '{}'", &every_byte[..800]), r"printf '\377\000\376'"];
    let Some(replies) = replies(&server, ["i", "utf-8"], &commands) else { return };
    assert_eq!(replies[1].beginning, r"'\\xff\x00\\xfe'", "as backslashreplace shows it");
    assert_eq!(replies[0].len, 200);
    if let Some(expected) = sha256_of(commands[0]) {
        assert_eq!(replies[0].sha256, expected);
    }
    server.stop();
}

/// No two kilobytes of it are the same.
pub(super) const LARGE: &str = "seq 20000000 | head -c 100000000";

#[test]
fn a_hundred_megabytes_come_whole_and_are_not_held_in_memory() {
    for mixin in ["threading", "sequential"] {
        let server = ServerProcess::start("remote-command-server", &["--mixin", mixin, "127.0.0.1:0"]);
        let Some(replies) = replies(&server, ["i", "utf-8"], &[LARGE]) else { return };
        if let Some(expected) = sha256_of(LARGE) {
            assert_eq!(replies[0].sha256, expected);
        }
        assert_eq!(replies[0].len, 100_000_000);
        let peak = peak_memory(server.id());
        assert!(peak < 32 << 20, "{mixin}: {peak} bytes");
        server.stop();
    }
}

/// The most memory that a process has had in use, in bytes.
pub(super) fn peak_memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a running process has it");
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes << 10
}

#[test]
fn the_server_leaves_no_file_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = example("remote-command-server");
    command.arg("127.0.0.1:0").env("TMPDIR", folder.path());
    let server = ServerProcess::launch(command).expect("it says where it listens");
    let Some(replies) = replies(&server, ["i", "utf-8"], &["head -c 5000000 /dev/zero; ls -A $TMPDIR"])
    else {
        return;
    };
    assert_eq!(replies[0].len, 5_000_000, "nor does it show one meanwhile");
    server.stop();
    assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
}

#[test]
fn a_command_holds_none_of_the_servers_sockets() {
    for mixin in MIXINS {
        let server = ServerProcess::start("remote-command-server", &["--mixin", mixin, "127.0.0.1:0"]);
        let commands = ["ls -l /proc/self/fd | grep -c socket:"];
        let Some(replies) = replies(&server, ["i", "utf-8"], &commands) else { return };
        assert_eq!(replies[0].beginning, r"'0\n'", "{mixin}");
        server.stop();
    }
}

#[test]
fn an_output_that_cannot_be_kept_is_told() {
    let mut command = example("remote-command-server");
    command.arg("127.0.0.1:0").env("TMPDIR", "/nonexistent");
    let server = ServerProcess::launch(command).expect("it says where it listens");
    let commands = ["head -c 5000000 /dev/zero; sleep 98701", "echo still there"];
    let Some(replies) = replies(&server, ["i", "utf-8"], &commands) else { return };
    assert!(replies[0].beginning.starts_with("\"[the output can't be kept: No such file"), "{replies:?}");
    assert_eq!(replies[1].beginning, r"'still there\n'");
    server.stop();
}

#[test]
fn nc_that_has_said_all_it_wants_to_gets_its_reply() {
    let Some(nc) = tool("nc") else { return };
    for mixin in MIXINS {
        let server = ServerProcess::start("remote-command-server", &["--mixin", mixin, "127.0.0.1:0"]);
        let mut client = Command::new(&nc);
        client.args(["-N", "127.0.0.1", &server.port()]);
        assert_eq!(output_of(client, b"echo hello\n"), "\x06\0\0\0hello\n", "{mixin}");
        server.stop();
    }
}
