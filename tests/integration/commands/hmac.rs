//! The HMAC command server and client, each with its own kind and with Python.

use super::{
    output::{LARGE, peak_memory},
    peers::{MIXINS, beginnings, described, python, python_server, sha256_of},
};
use crate::examples::{
    client_process::{output_of, run},
    programs::example,
    server_process::ServerProcess,
};
use crate::util::wait_for;
use std::{fs, process::Command};
use tempfile::TempDir;

/// Two keys, in files.
pub(super) struct Keys(TempDir);

impl Keys {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for key in ["right", "wrong"] {
            fs::write(folder.path().join(key), format!("the {key} key")).expect("a folder of ours");
        }
        Keys(folder)
    }

    pub(super) fn file(&self, key: &str) -> String {
        self.0.path().join(key).display().to_string()
    }
}

pub(super) const HANDSHAKES: [&str; 2] = ["mutual", "legacy"];

/// A program of ours with the key and the handshake.
pub(super) fn with_key(program: &str, handshake: &str, key_file: &str, arguments: &[&str]) -> Command {
    let mut command = example(program);
    command.args(["--key-file", key_file]).args(arguments);
    if handshake == "legacy" {
        command.arg("--legacy-md5");
    }
    command
}

pub(super) fn server_command(handshake: &str, keys: &Keys, arguments: &[&str]) -> Command {
    let arguments = [&["127.0.0.1:0"], arguments].concat();
    with_key("hmac-command-server", handshake, &keys.file("right"), &arguments)
}

pub(super) fn server(handshake: &str, keys: &Keys, arguments: &[&str]) -> ServerProcess {
    ServerProcess::launch(server_command(handshake, keys, arguments)).expect("it says where it listens")
}

#[test]
fn a_python_client_with_the_key_is_served() {
    let keys = Keys::new();
    for handshake in HANDSHAKES {
        for mixin in MIXINS {
            let server = server(handshake, &keys, &["--mixin", mixin]);
            let commands = ["echo hello", "true", "echo err >&2"];
            let key = keys.file("right");
            let arguments = [&[handshake, &key, &server.address, "i"], &commands[..]].concat();
            let Some(client) = python("hmac_client.py", &arguments) else { return };
            let replies = described(&output_of(client, b""));
            let expected = [r"'hello\n'", r"'\u6267\u884c\u6210\u529f'", r"'err\n'"];
            assert_eq!(beginnings(&replies), expected, "{handshake} {mixin}");
            server.stop();
        }
    }
}

/// Sealed or not.
#[test]
fn a_hundred_megabytes_come_whole_and_are_not_held_in_memory() {
    let keys = Keys::new();
    let Some(expected) = sha256_of(LARGE) else { return };
    for handshake in HANDSHAKES {
        let server = server(handshake, &keys, &["--mixin", "reactor"]);
        let arguments = [handshake, &keys.file("right"), &server.address, "i", LARGE];
        let Some(client) = python("hmac_client.py", &arguments) else { return };
        let replies = described(&output_of(client, b""));
        assert_eq!((replies[0].len, &replies[0].sha256), (100_000_000, &expected), "{handshake}");
        let peak = peak_memory(server.id());
        assert!(peak < 32 << 20, "{handshake}: {peak} bytes");
        server.stop();
    }
}

#[test]
fn a_conversation_that_is_cut_is_told_from_one_that_has_ended() {
    let keys = Keys::new();
    let key = keys.file("right");
    for mixin in ["threading", "reactor"] {
        let log = tempfile::NamedTempFile::new().expect("a file").into_temp_path();
        let mut server = server_command("mutual", &keys, &["--mixin", mixin]);
        server.env("RUST_LOG", "debug").stderr(fs::File::create(&log).expect("a file of ours"));
        let server = ServerProcess::launch(server).expect("it says where it listens");
        let told = |end: &str| {
            wait_for(end, || {
                let log = fs::read_to_string(&log).unwrap_or_default();
                log.lines()
                    .any(|line| line.contains("] connection ") && line.contains(&format!("ended: {end}")))
            });
        };
        let Some(cut) = python("hmac_attacker.py", &["cut", &key, &server.address]) else { return };
        output_of(cut, b"");
        told("Disconnected");
        let client = with_key("hmac-command-client", "mutual", &key, &[&server.address]);
        assert_eq!(output_of(client, b"echo whole\nquit\n"), ">>: whole\n\n>>: ");
        told("Completed");
        server.stop();
    }
}

#[test]
fn a_client_may_answer_byte_by_byte() {
    let keys = Keys::new();
    for handshake in HANDSHAKES {
        let server = server(handshake, &keys, &["--header=u32-be"]);
        let arguments = [handshake, &keys.file("right"), &server.address, "!I", "echo hello", "--dribble"];
        let Some(client) = python("hmac_client.py", &arguments) else { return };
        assert_eq!(beginnings(&described(&output_of(client, b""))), [r"'hello\n'"], "{handshake}");
        server.stop();
    }
}

#[test]
fn our_client_is_served_by_python_that_has_the_key() {
    let keys = Keys::new();
    for handshake in HANDSHAKES {
        let server = python_server("hmac_server.py", &[handshake, &keys.file("right"), "!I"]);
        let Some(server) = server else { return };
        let arguments = [&*server.address, "--header=u32-be"];
        let client = with_key("hmac-command-client", handshake, &keys.file("right"), &arguments);
        assert_eq!(output_of(client, b"echo hello\ntrue\nquit\n"), ">>: hello\n\n>>: 执行成功\n>>: ");
    }
}

#[test]
fn our_client_believes_no_server_without_the_key() {
    let keys = Keys::new();
    let server = python_server("hmac_server.py", &["mutual", &keys.file("wrong"), "i"]);
    let Some(server) = server else { return };
    let client = with_key("hmac-command-client", "mutual", &keys.file("right"), &[&server.address]);
    let (status, output, errors) = run(client, b"echo hello\n");
    assert_eq!((status.code(), &*output, &*errors), (Some(1), "", "Error: authentication failed\n"));
}

#[test]
fn our_own_ends_understand_each_other() {
    let keys = Keys::new();
    for handshake in HANDSHAKES {
        let server = server(handshake, &keys, &["--encoding=gbk"]);
        let arguments = [&*server.address, "--encoding=gbk"];
        let client = with_key("hmac-command-client", handshake, &keys.file("right"), &arguments);
        let shown =
            output_of(client, "true\necho 你好\nhead -c 3000000 /dev/zero | tr '\\0' x\nquit\n".as_bytes());
        let expected = format!(">>: 执行成功\n>>: 你好\n\n>>: {}\n>>: ", "x".repeat(3_000_000));
        assert!(shown == expected, "{handshake}: {} bytes", shown.len());
        server.stop();
    }
}
