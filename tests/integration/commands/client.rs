//! Our client with the tutorial's server in Python.

use super::peers::{python_server, sha256_of};
use crate::{
    examples::{client_process::output_of, programs::example},
    util::tool,
};
use std::process::{Command, Stdio};

/// What our client shows of a Python server's replies.
fn shown([format, encoding]: [&str; 2], options: &[&str], typed: &str) -> Option<String> {
    let server = python_server("remote_server.py", &[format, encoding])?;
    let mut client = example("remote-command-client");
    client.args(options).arg(&server.address);
    Some(output_of(client, typed.as_bytes()))
}

#[test]
fn commands_are_typed_and_outputs_shown() {
    let typed = "echo hello\n\ntrue\n  echo to stderr >&2  \r\nquit\nnot sent\n";
    let Some(shown) = shown(["i", "utf-8"], &[], typed) else { return };
    assert_eq!(shown, ">>: hello\n\n>>: >>: 执行成功\n>>: to stderr\n\n>>: ");
}

#[test]
fn the_end_of_the_input_is_the_end() {
    let Some(shown) = shown(["i", "utf-8"], &[], "printf 'no newline'") else { return };
    assert_eq!(shown, ">>: no newline\n>>: \n");
}

#[test]
fn the_header_and_the_encoding_are_those_of_the_options() {
    let options = ["--header=u32-be", "--encoding=gbk"];
    let Some(shown) = shown(["!I", "gbk"], &options, "true\necho 你好\nprintf '\\377'\n") else { return };
    // Python's shell has the command in UTF-8 and writes in it, which is not what its server says it speaks.
    assert_eq!(shown, ">>: 执行成功\n>>: 浣犲ソ\n\n>>: \u{fffd}\n>>: \n");
}

#[test]
fn a_command_that_is_too_long_or_has_no_code_is_not_sent() {
    let typed = format!("echo {}\necho 😀\necho {}\n", "a".repeat(1020), "b".repeat(1018));
    let Some(shown) = shown(["i", "gbk"], &["--encoding=gbk"], &typed) else { return };
    assert_eq!(shown, format!(">>: \n>>: \n>>: {}\n\n>>: \n", "b".repeat(1018)));
}

/// All in a shell, since nobody wants so much in memory here either.
#[test]
fn a_hundred_megabytes_are_shown_as_they_come() {
    let Some(server) = python_server("remote_server.py", &["i", "utf-8"]) else { return };
    let Some(expected) = sha256_of("(printf '>>: '; seq 20000000 | head -c 100000000; printf '\n>>: ')")
    else {
        return;
    };
    if tool("sh").is_none() {
        return;
    }
    // 300 MB of address space: a client that holds the reply twice while it grows doesn't get by.
    let script =
        "ulimit -v 150000; printf 'seq 20000000 | head -c 100000000\nquit\n' | \"$0\" \"$1\" | sha256sum";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(example("remote-command-client").get_program()).arg(&server.address);
    shell.stdin(Stdio::null());
    assert_eq!(output_of(shell, b"").split(' ').next(), Some(&*expected));
}
