//! The examples' own clients.

use super::{
    client_process::{output_of, run},
    programs::example,
    server_process::ServerProcess,
};
use crate::util::tool;
use std::process::Command;

const STREAMS: [(&str, &str); 2] =
    [("tcp-upper-server", "tcp-upper-client"), ("unix-upper-server", "unix-upper-client")];
const DATAGRAMS: [(&str, &str); 2] =
    [("udp-upper-server", "udp-upper-client"), ("unix-datagram-upper-server", "unix-datagram-upper-client")];

/// Calls `check` for each pair, with a client that has been told the address of a server that runs.
fn every_client(pairs: &[(&str, &str)], check: impl Fn(Command)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("upper.sock");
    for (server, client) in pairs {
        let unix = server.starts_with("unix");
        let address = if unix { path.to_str().expect("a name in UTF-8") } else { "127.0.0.1:0" };
        let server = ServerProcess::start(server, &[address]);
        let mut command = example(client);
        command.arg(&server.address);
        check(command);
        server.stop();
        let left = folder.path().read_dir().expect("a folder").count();
        assert_eq!(left, 0, "neither {client} nor its server leaves a file");
    }
}

fn all() -> [(&'static str, &'static str); 4] {
    [STREAMS[0], STREAMS[1], DATAGRAMS[0], DATAGRAMS[1]]
}

#[test]
fn a_client_prompts_asks_and_prints_until_quit() {
    every_client(&all(), |client| {
        let output = output_of(client, b"hello\n\nwith spaces \r\nquit\nnot sent\n");
        assert_eq!(output, ">>: HELLO\n>>: >>: WITH SPACES \n>>: ");
    });
}

#[test]
fn a_client_ends_at_the_end_of_its_input() {
    every_client(&all(), |client| assert_eq!(output_of(client, b"no newline"), ">>: NO NEWLINE\n>>: \n"));
}

#[test]
fn a_client_of_a_stream_takes_a_line_of_a_mebibyte() {
    every_client(&STREAMS, |client| {
        let line = "long line ".repeat(1 << 17);
        let output = output_of(client, line.as_bytes());
        assert!(output == format!(">>: {}\n>>: \n", line.to_uppercase()), "{} bytes", output.len());
    });
}

#[test]
fn a_client_says_in_one_line_that_nobody_listens() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nobody.sock");
    for (_, name) in all() {
        let mut client = example(name);
        // TCP port 1 is nobody's here.
        client.arg(if name.starts_with("unix") { nowhere.to_str().expect("UTF-8") } else { "127.0.0.1:1" });
        let (status, _, errors) = run(client, b"hello\n");
        assert_eq!(status.code(), Some(1), "{name}");
        assert!(errors.starts_with("Error: ") && errors.lines().count() == 1, "{errors}");
        assert!(errors.contains("nobody.sock") || errors.contains("127.0.0.1:1"), "{errors}");
    }
}

/// Types a line at a terminal, and prints what is shown there until the client has ended.
const AT_A_TERMINAL: &str = r#"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown = b''
def read_until(text):
    global shown
    while text not in shown:
        shown += os.read(terminal, 1024)
read_until(b'>>: ')
os.write(terminal, b'hello\n')
read_until(b'HELLO\r\n>>: ')
os.write(terminal, b'quit\n')
status = os.waitpid(pid, 0)[1]
print(shown.decode(), os.WEXITSTATUS(status) if os.WIFEXITED(status) else 'killed')
"#;

#[test]
fn a_client_works_at_a_terminal() {
    let Some(python) = tool("python3") else { return };
    every_client(&all(), |client| {
        let mut at_a_terminal = Command::new(&python);
        at_a_terminal.args(["-c", AT_A_TERMINAL]).arg(client.get_program()).args(client.get_args());
        let shown = output_of(at_a_terminal, b"");
        assert!(shown.starts_with(">>: hello\r\nHELLO\r\n>>: ") && shown.ends_with(" 0\n"), "{shown:?}");
    });
}
