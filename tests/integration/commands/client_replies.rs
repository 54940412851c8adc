//! Our client with servers that send what is no reply.

use super::peers::python_server;
use crate::examples::{client_process::run, programs::example};
use std::process::Command;

/// What our client shows, and says, of a reply that is sent byte by byte, with so many zeros after it; its status.
fn told_of(reply: &[u8], zeros: u64, header: &str) -> Option<(Option<i32>, String, String)> {
    let hex: String = reply.iter().map(|byte| format!("{byte:02x}")).collect();
    let server = python_server("false_server.py", &[&hex, &zeros.to_string()])?;
    let mut client = example("remote-command-client");
    client.args(["--header", header, &server.address]);
    let (status, output, errors) = run(client, b"echo\nquit\n");
    Some((status.code(), output, errors))
}

fn reply(header: [u8; 4], payload: &[u8]) -> Vec<u8> {
    [&header[..], payload].concat()
}

#[test]
fn a_reply_may_come_byte_by_byte() {
    let Some(told) = told_of(&reply(6_i32.to_ne_bytes(), "执行".as_bytes()), 0, "i32-native") else {
        return;
    };
    assert_eq!(told, (Some(0), ">>: 执行\n>>: ".into(), String::new()));
    let Some(told) = told_of(&reply(2_u32.to_be_bytes(), b"ok"), 0, "u32-be") else { return };
    assert_eq!(told, (Some(0), ">>: ok\n>>: ".into(), String::new()));
}

#[test]
fn a_negative_length_is_an_error() {
    for length in [-1, i32::MIN] {
        let Some(told) = told_of(&reply(length.to_ne_bytes(), b"xxxx"), 0, "i32-native") else { return };
        let expected = format!("Error: the header announces a negative length: {length}\n");
        assert_eq!(told, (Some(1), ">>: ".into(), expected));
    }
}

#[test]
fn a_reply_that_ends_early_is_an_error() {
    let Some(told) = told_of(&reply(5_i32.to_ne_bytes(), b"he"), 0, "i32-native") else { return };
    let expected = "Error: the stream ended inside a payload of 5 bytes, 3 missing\n";
    assert_eq!(told, (Some(1), ">>: he".into(), expected.into()));
    let Some(told) = told_of(b"\0\0", 0, "i32-native") else { return };
    let expected = "Error: the stream ended inside a header, at least 2 bytes missing\n";
    assert_eq!(told, (Some(1), ">>: ".into(), expected.into()));
    let Some(told) = told_of(b"", 0, "i32-native") else { return };
    assert_eq!(told, (Some(1), ">>: ".into(), "Error: the server has closed the connection\n".into()));
}

/// A client that believed the header would need 2 GiB at once; this one has 150 MB in all, and is sent 300.
#[test]
fn a_length_of_two_gibibytes_is_no_reason_to_take_so_much_memory() {
    for (header, length) in
        [("i32-native", i32::MAX.to_ne_bytes()), ("u32-be", 0x8000_0000_u32.to_be_bytes())]
    {
        let hex: String = length.iter().map(|byte| format!("{byte:02x}")).collect();
        let Some(server) = python_server("false_server.py", &[&hex, "300000000"]) else { return };
        let script = "ulimit -v 150000; exec \"$@\" > /dev/null";
        let mut client = Command::new("sh");
        client.args(["-c", script, "sh"]).arg(example("remote-command-client").get_program());
        client.args(["--header", header, &server.address]);
        let (status, _, errors) = run(client, b"echo\n");
        let len = if header == "u32-be" { 1_u64 << 31 } else { (1 << 31) - 1 };
        let missing = len - 300_000_000;
        let expected =
            format!("Error: the stream ended inside a payload of {len} bytes, {missing} missing\n");
        assert_eq!((status.code(), errors), (Some(1), expected));
    }
}
