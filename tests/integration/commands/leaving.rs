//! Clients that leave while their command runs, and one that only seems to.

use super::{
    group::Hanging,
    peers::{python, with_every_mixin},
};
use crate::{
    examples::{
        client_process::{ClientProcess, output_of},
        programs::example,
        server_process::ServerProcess,
    },
    util::tool,
};

fn server(mixin: &str) -> ServerProcess {
    // Nothing here may come to its end by a time limit on the command.
    let options = ["--mixin", mixin, "--deadline", "9999", "--half-close", "0.5", "127.0.0.1:0"];
    ServerProcess::start("remote-command-server", &options)
}

#[test]
fn a_client_that_leaves_ends_its_command() {
    with_every_mixin(|mixin| {
        for how in ["close", "reset"] {
            let (server, hanging) = (server(mixin), Hanging::new());
            let arguments = [&*server.address, how, &hanging.command()];
            let Some(client) = python("leaving_client.py", &arguments) else { return };
            let mut client = ClientProcess::start(client);
            let group = hanging.group();
            assert!(!group.members().is_empty(), "nobody has left yet");
            client.say("now");
            group.assert_dies();
            server.stop();
        }
    });
}

#[test]
fn a_client_that_is_killed_ends_its_command() {
    with_every_mixin(|mixin| {
        let (server, hanging) = (server(mixin), Hanging::new());
        let arguments = [&*server.address, "close", &hanging.command()];
        let Some(client) = python("leaving_client.py", &arguments) else { return };
        let client = ClientProcess::start(client);
        let group = hanging.group();
        drop(client);
        group.assert_dies();
        server.stop();
    });
}

/// It resets the connection, so the server need not wait and see whether it is still there.
#[test]
fn our_own_client_that_is_killed_ends_its_command_at_once() {
    let options = ["--deadline", "9999", "--half-close", "9999", "127.0.0.1:0"];
    let server = ServerProcess::start("remote-command-server", &options);
    let hanging = Hanging::new();
    let mut client = example("remote-command-client");
    client.arg(&server.address);
    let mut client = ClientProcess::start(client);
    client.say(&hanging.command());
    let group = hanging.group();
    drop(client);
    group.assert_dies();
    server.stop();
}

#[test]
fn a_client_that_has_only_said_all_it_wants_to_may_wait_for_its_reply() {
    if tool("python3").is_none() {
        return;
    }
    let options = ["--deadline", "9999", "--half-close", "9999", "127.0.0.1:0"];
    let server = ServerProcess::start("remote-command-server", &options);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("go on");
    let command = format!("mkfifo '{0}'; read line < '{0}'; echo $line", file.display());
    let arguments = [&*server.address, "half-close", &command];
    let Some(client) = python("leaving_client.py", &arguments) else { return };
    let client = ClientProcess::start(client);
    crate::util::wait_for("the command to wait", || file.exists());
    // By another client of the same server.
    let mut other = example("remote-command-client");
    other.arg(&server.address);
    let let_go = format!("echo still here > '{}'; echo let\n", file.display());
    assert_eq!(output_of(other, let_go.as_bytes()), ">>: let\n\n>>: \n");
    assert_eq!(client.hears().as_deref(), Some(r"b'\x0b\x00\x00\x00still here\n'"));
    server.stop();
}
