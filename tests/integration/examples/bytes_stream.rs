//! What an upper server on a stream answers, byte for byte, whatever the chunks.

use super::{programs::mixins, server_process::ServerProcess, sockets::connect};
use std::{
    io::{Read, Write},
    net::Shutdown,
    process, thread,
};

#[test]
fn tcp_answers_in_upper_case_whatever_comes() {
    for mixin in mixins("tcp-upper-server") {
        check("tcp-upper-server", &mixin, "127.0.0.1:0");
    }
    check("tcp-upper-server", "threading", "[::1]:0");
}

#[test]
fn unix_answers_in_upper_case_whatever_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("upper.sock");
    for mixin in mixins("unix-upper-server") {
        check("unix-upper-server", &mixin, path.to_str().expect("a name in UTF-8"));
        assert!(!path.exists(), "the file goes with the server");
        check("unix-upper-server", &mixin, &format!("@upper-bytes-{}", process::id()));
    }
}

#[test]
fn a_group_answers_in_upper_case_over_tcp() {
    for mixin in mixins("tcp-udp-group") {
        check("tcp-udp-group", &mixin, "127.0.0.1:0");
    }
}

fn check(server: &str, mixin: &str, address: &str) {
    let server = ServerProcess::start(server, &["--mixin", mixin, address]);
    all_bytes(&server.address);
    one_byte_at_a_time(&server.address);
    a_mebibyte_at_once(&server.address);
    server.stop();
}

fn all_bytes(address: &str) {
    let all: Vec<u8> = (0..=255).collect();
    let mut client = connect(address);
    client.write_all(&all).expect("the server reads");
    client.shutdown(Shutdown::Write).expect("it is connected");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("an orderly end");
    assert_eq!(answer, all.to_ascii_uppercase());
}

/// Each is answered before the next is sent, so nothing is held back until there is more.
fn one_byte_at_a_time(address: &str) {
    let mut client = connect(address);
    for byte in 0..=255 {
        client.write_all(&[byte]).expect("the server reads");
        let mut answer = [0];
        client.read_exact(&mut answer).expect("an answer to each");
        assert_eq!(answer, [byte.to_ascii_uppercase()]);
    }
}

fn a_mebibyte_at_once(address: &str) {
    let data: Vec<u8> = (0..1_u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let client = connect(address);
    thread::scope(|scope| {
        scope.spawn(|| {
            (&client).write_all(&data).expect("the server reads");
            client.shutdown(Shutdown::Write).expect("it is connected");
        });
        let mut answer = Vec::new();
        (&client).read_to_end(&mut answer).expect("an orderly end");
        assert!(answer == data.to_ascii_uppercase(), "{} bytes", answer.len());
    });
}
