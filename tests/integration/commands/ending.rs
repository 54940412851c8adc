//! Commands that don't end by themselves: at a deadline, for writing too much, with their server.

use super::{
    group::Hanging,
    peers::{MIXINS, beginnings, python, replies, sha256_of, with_every_mixin},
};
use crate::{
    examples::{client_process::ClientProcess, server_process::ServerProcess},
    util::in_time,
};
use rustix::process::Signal;
use std::time::Duration;

fn server(mixin: &str, deadline: Duration) -> ServerProcess {
    let deadline = deadline.as_secs_f64().to_string();
    let options = ["--mixin", mixin, "--deadline", &deadline, "127.0.0.1:0"];
    ServerProcess::start("remote-command-server", &options)
}

#[test]
fn at_the_deadline_a_command_is_killed_and_the_client_goes_on() {
    for mixin in MIXINS {
        let server = server(mixin, Duration::from_millis(500));
        let commands = ["exec sleep 98702", "sleep 98702 & wait"];
        let Some(replies) = replies(&server, ["i", "utf-8"], &commands) else { return };
        assert_eq!(beginnings(&replies), [r"'[killed after 500ms]\n'"; 2], "{mixin}");
        server.stop();
    }
}

#[test]
fn no_process_of_a_killed_command_survives() {
    with_every_mixin(|mixin| {
        in_time(Duration::from_secs(2), |deadline| {
            let server = server(mixin, deadline);
            let hanging = Hanging::new();
            let arguments = [&*server.address, "i", "utf-8", &hanging.command()];
            let Some(client) = python("remote_client.py", &arguments) else { return true };
            let client = ClientProcess::start(client);
            let reply = client.hears().expect("a reply");
            let killed = format!(r"[killed after {deadline:?}]\n'");
            assert!(reply.ends_with(&killed), "{mixin}: {reply}");
            let Some(group) = hanging.group_by_now() else { return false };
            assert!(reply.ends_with(&format!(r"'begun\n{killed}")), "{mixin}: {reply}");
            group.assert_dies();
            server.stop();
            true
        });
    });
}

#[test]
fn a_command_that_closes_its_output_and_hangs_is_killed_too() {
    in_time(Duration::from_secs(2), |deadline| {
        let server = server("threading", deadline);
        let folder = tempfile::tempdir().expect("a folder");
        let closed = folder.path().join("closed");
        let hangs = format!("echo begun; exec >&- 2>&-; : > '{}'; sleep 98703", closed.display());
        let Some(replies) = replies(&server, ["i", "utf-8"], &[&hangs, "echo next"]) else { return true };
        server.stop();
        let killed = format!(r"[killed after {deadline:?}]\n'");
        assert!(replies[0].beginning.ends_with(&killed), "{replies:?}");
        if !closed.exists() || replies[1].beginning.ends_with(&killed) {
            return false;
        }
        assert_eq!(beginnings(&replies), [&*format!(r"'begun\n{killed}"), r"'next\n'"]);
        true
    });
}

#[test]
fn what_a_command_leaves_in_the_background_goes_on() {
    let server = ServerProcess::start("remote-command-server", &["127.0.0.1:0"]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("written later");
    // It ends when the next command lets it.
    let start = format!(
        "mkfifo '{path}.fifo'; (read line < '{path}.fifo'; echo $line > '{path}') > /dev/null 2>&1 & echo started",
        path = path.display()
    );
    let let_end = format!("echo go on > '{}.fifo'; echo let", path.display());
    let Some(replies) = replies(&server, ["i", "utf-8"], &[&start, &let_end]) else { return };
    assert_eq!(beginnings(&replies), [r"'started\n'", r"'let\n'"]);
    crate::util::wait_for("what goes on in the background", || {
        std::fs::read_to_string(&path).is_ok_and(|text| text == "go on\n")
    });
    server.stop();
}

#[test]
fn a_command_that_writes_too_much_is_killed_and_the_reply_says_so() {
    for (header, format) in [("i32-native", "i"), ("u32-be", "!I")] {
        let options = ["--header", header, "--max-output", "3000000", "127.0.0.1:0"];
        let server = ServerProcess::start("remote-command-server", &options);
        let commands = ["yes", "yes >&2", "head -c 3000000 /dev/zero", "echo tail | tail -c 4"];
        let Some(replies) = replies(&server, [format, "utf-8"], &commands) else { return };
        assert_eq!(replies.iter().map(|it| it.len).collect::<Vec<_>>(), [3_000_000, 3_000_000, 3_000_000, 4]);
        let note = "\n[killed after 3000000 bytes]\n";
        let expected = format!("yes | head -c {}; printf '{note}'", 3_000_000 - note.len());
        if let Some(expected) = sha256_of(&format!("({expected})")) {
            assert_eq!([&replies[0].sha256, &replies[1].sha256], [&expected, &expected]);
        }
        server.stop();
    }
}

#[test]
fn a_command_that_cannot_be_begun_is_told() {
    let server = ServerProcess::start("remote-command-server", &["127.0.0.1:0"]);
    let mut client = std::net::TcpStream::connect(server.inet()).expect("it listens");
    std::io::Write::write_all(&mut client, b"echo \0").expect("it reads");
    client.shutdown(std::net::Shutdown::Write).expect("connected");
    let mut reply = String::new();
    std::io::Read::read_to_string(&mut client, &mut reply).expect("text");
    assert!(reply.ends_with("[the command can't be run: nul byte found in provided data]\n"), "{reply:?}");
    server.stop();
}

#[test]
fn no_command_outlives_its_server() {
    for signal in [Signal::TERM, Signal::INT, Signal::KILL] {
        for mixin in MIXINS {
            let options = ["--mixin", mixin, "--deadline", "9999", "127.0.0.1:0"];
            let mut server = ServerProcess::start("remote-command-server", &options);
            let hanging = Hanging::new();
            let arguments = [&*server.address, "i", "utf-8", &hanging.command()];
            let Some(client) = python("remote_client.py", &arguments) else { return };
            let _client = ClientProcess::start(client);
            let group = hanging.group();
            let status = server.end_by(signal);
            assert_eq!(status.code(), (signal != Signal::KILL).then_some(0), "{mixin}");
            // The processes of a server that is killed go on with their clients.
            if signal != Signal::KILL || !["forking", "prefork"].contains(&mixin) {
                group.assert_dies();
            }
        }
    }
}
