//! The upper servers, asked by clients that know nothing of Rust.

use super::{
    client_process::{ClientProcess, output_of},
    server_process::ServerProcess,
};
use crate::util::tool;
use std::{path::Path, process::Command};

#[test]
fn nc_is_answered_by_every_server() {
    let Some(nc) = tool("nc") else { return };
    every_server(|server, address, _| {
        let mut command = Command::new(&nc);
        match (server, address.rsplit_once(':')) {
            ("tcp-upper-server", Some((host, port))) => command.args(["-N", bare(host), port]),
            // It ends after the first datagram that comes.
            (_, Some((host, port))) => command.args(["-u", "-W1", bare(host), port]),
            ("unix-upper-server", None) => command.args(["-N", "-U", address]),
            (_, None) => command.args(["-u", "-U", "-W1", address]),
        };
        assert_eq!(output_of(command, b"hello from nc\n"), "HELLO FROM NC\n", "{server}");
    });
}

#[test]
fn socat_is_answered_by_every_server() {
    let Some(socat) = tool("socat") else { return };
    every_server(|server, address, folder| {
        let inet = address.contains("]:") || address.starts_with("127.");
        let remote = match server {
            "tcp-upper-server" => format!("TCP:{address}"),
            "udp-upper-server" => format!("UDP:{address}"),
            _ if inet => unreachable!("{server} on {address}"),
            "unix-upper-server" => match address.strip_prefix('@') {
                Some(name) => format!("ABSTRACT-CONNECT:{name}"),
                None => format!("UNIX-CONNECT:{address}"),
            },
            _ => match address.strip_prefix('@') {
                Some(name) => format!("ABSTRACT-CLIENT:{name},type=2,bind={name}-socat"),
                None => format!("UNIX-CLIENT:{address},type=2,bind={}", folder.join("socat").display()),
            },
        };
        let mut command = Command::new(&socat);
        command.args(["-", &remote]);
        let mut client = ClientProcess::start(command);
        for text in ["hello", "from socat"] {
            client.say(text);
            assert_eq!(client.hears(), Some(text.to_uppercase()), "{server}");
        }
    });
}

/// Python's own sockets: the same lines whether a server is one of Python's or ours.
const ASK: &str = r#"
import os, socket, sys
server, address, folder = sys.argv[1:]
host, colon, port = address.rpartition(':')
if colon:
    address, family = (host.strip('[]'), int(port)), socket.AF_INET6 if ':' in host else socket.AF_INET
else:
    address, family = address.replace('@', '\0'), socket.AF_UNIX
datagrams = 'datagram' in server or 'udp' in server
with socket.socket(family, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM) as sock:
    if datagrams and family == socket.AF_UNIX:
        sock.bind(os.path.join(folder, 'python'))
    sock.connect(address)
    sock.sendall(b'hello from Python')
    if not datagrams:
        sock.shutdown(socket.SHUT_WR)
    reply = b''
    while True:
        piece = sock.recv(65536)
        reply += piece
        if datagrams or not piece:
            break
    print(reply.decode())
    if datagrams and family == socket.AF_UNIX:
        os.unlink(os.path.join(folder, 'python'))
"#;

#[test]
fn python_is_answered_by_every_server() {
    let Some(python) = tool("python3") else { return };
    every_server(|server, address, folder| {
        let mut command = Command::new(&python);
        command.args(["-c", ASK, server, address]).arg(folder);
        assert_eq!(output_of(command, b""), "HELLO FROM PYTHON\n", "{server}");
    });
}

/// Calls `ask` with the name and address of each upper server in turn, and a folder for what it needs.
fn every_server(ask: impl Fn(&str, &str, &Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("upper.sock");
    let path = path.to_str().expect("a name in UTF-8");
    // One that no other test has, for tests run at the same time, in one process or several.
    let name = format!("@{}", path.replace('/', "-"));
    for (server, addresses) in [
        ("tcp-upper-server", ["127.0.0.1:0", "[::1]:0"]),
        ("udp-upper-server", ["127.0.0.1:0", "[::1]:0"]),
        ("unix-upper-server", [path, &name]),
        ("unix-datagram-upper-server", [path, &name]),
    ] {
        for address in addresses {
            let process = ServerProcess::start(server, &[address]);
            ask(server, &process.address, folder.path());
            process.stop();
        }
    }
}

/// `[::1]` without the brackets, as nc wants it.
fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}
