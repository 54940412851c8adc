//! What an upper server answers to datagrams, byte for byte.

use super::{programs::mixins, server_process::ServerProcess, sockets::datagram_socket};
use socket2::Socket;
use std::io::Read;

#[test]
fn udp_answers_each_datagram_in_upper_case() {
    for mixin in mixins("udp-upper-server") {
        // 65,507 bytes are what IPv4 leaves of 65,535.
        check("udp-upper-server", &mixin, "127.0.0.1:0", 65_507);
    }
    check("udp-upper-server", "threading", "[::1]:0", 65_507);
}

#[test]
fn a_unix_datagram_server_answers_each_datagram_in_upper_case() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("upper.sock");
    for mixin in mixins("unix-datagram-upper-server") {
        check("unix-datagram-upper-server", &mixin, path.to_str().expect("a name in UTF-8"), 128 * 1024);
        assert!(!path.exists(), "the file goes with the server");
        let name = format!("@upper-datagrams-{}", std::process::id());
        check("unix-datagram-upper-server", &mixin, &name, 128 * 1024);
    }
}

#[test]
fn a_group_answers_datagrams_in_upper_case() {
    for mixin in mixins("tcp-udp-group") {
        check("tcp-udp-group", &mixin, "127.0.0.1:0", 8192);
    }
}

fn check(server: &str, mixin: &str, address: &str, longest: usize) {
    let server = ServerProcess::start(server, &["--mixin", mixin, address]);
    let folder = tempfile::tempdir().expect("a folder");
    let client = datagram_socket(&server.address, &folder.path().join("client"));
    let all: Vec<u8> = (0..=255).collect();
    answers(&client, &all);
    for byte in &all {
        answers(&client, &[*byte]);
    }
    answers(&client, b"");
    let long: Vec<u8> = all.iter().copied().cycle().take(longest).collect();
    answers(&client, &long);
    server.stop();
}

fn answers(mut client: &Socket, question: &[u8]) {
    client.send(question).expect("the server takes it");
    let mut answer = vec![0; 256 * 1024];
    let n = client.read(&mut answer).expect("an answer to each");
    assert!(answer[..n] == question.to_ascii_uppercase(), "{n} bytes for {}", question.len());
}
