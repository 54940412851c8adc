//! How the examples' servers start and end.

use super::{
    client_process::run,
    programs::{example, mixins},
    server_process::ServerProcess,
    sockets::connect,
};
use rustix::process::Signal;
use std::{
    io::{Read, Write},
    thread,
};

#[test]
fn a_signal_ends_a_server_well_though_a_client_is_connected() {
    let folder = tempfile::tempdir().expect("a folder");
    // All at once, since each waits a second for its client.
    thread::scope(|scope| {
        for (signal, name) in [(Signal::TERM, "term"), (Signal::INT, "int")] {
            for mixin in mixins("tcp-upper-server") {
                scope.spawn(move || ends_well("tcp-upper-server", &mixin, "127.0.0.1:0", signal));
            }
            for mixin in mixins("unix-upper-server") {
                let path = folder.path().join(format!("{name}-{mixin}"));
                scope.spawn(move || {
                    ends_well("unix-upper-server", &mixin, path.to_str().expect("a name in UTF-8"), signal);
                    assert!(!path.exists(), "the file goes with the server");
                });
            }
        }
    });
}

fn ends_well(server: &str, mixin: &str, address: &str, signal: Signal) {
    let mut server = ServerProcess::start(server, &["--mixin", mixin, address]);
    let mut client = connect(&server.address);
    client.write_all(b"a").expect("the server reads");
    client.read_exact(&mut [0]).expect("it is being served");
    assert_eq!(server.end_by(signal).code(), Some(0), "{mixin}");
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest); // a child that was killed ends its connections less politely
    assert_eq!(rest, b"");
}

#[test]
fn a_signal_ends_a_server_that_nobody_has_asked_anything() {
    for server in ["udp-upper-server", "custom-mixin", "tcp-udp-group", "shared-state-chat"] {
        for signal in [Signal::TERM, Signal::INT] {
            let mut server = ServerProcess::start(server, &["127.0.0.1:0"]);
            assert_eq!(server.end_by(signal).code(), Some(0));
        }
    }
}

#[test]
fn a_server_replaces_the_file_of_one_that_was_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("upper.sock");
    for server in ["unix-upper-server", "unix-datagram-upper-server"] {
        let start = || ServerProcess::start(server, &[path.to_str().expect("a name in UTF-8")]);
        assert_eq!(start().end_by(Signal::KILL).code(), None);
        assert!(path.exists(), "what is killed can't clean up");
        start().stop();
        assert!(!path.exists());
    }
}

#[test]
fn a_server_says_in_one_line_that_its_address_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("upper.sock");
    let path = path.to_str().expect("a name in UTF-8");
    for (server, address) in [("tcp-upper-server", "127.0.0.1:0"), ("unix-upper-server", path)] {
        let first = ServerProcess::start(server, &[address]);
        let mut second = example(server);
        second.arg(&first.address);
        let (status, output, errors) = run(second, b"");
        assert_eq!((status.code(), &*output), (Some(1), ""));
        assert_eq!(errors, format!("Error: bind {}: address in use\n", first.address));
        first.stop();
    }
}

#[test]
fn wrong_arguments_are_answered_with_the_right_ones() {
    let wants = |name: &str, arguments: &[&str], problem: &str, usage: &str| {
        let mut command = example(name);
        command.args(arguments);
        let (status, output, errors) = run(command, b"");
        assert_eq!((status.code(), &*output), (Some(2), ""), "{name}");
        let (told, usage_line) = errors.split_once('\n').expect("two lines");
        assert_eq!(told, problem);
        assert!(usage_line.starts_with("usage: ") && usage_line.trim_end().ends_with(usage), "{usage_line}");
    };
    let usage =
        "tcp-upper-server [--mixin sequential|threading|threadpool|forking|prefork|reactor] [ADDRESS]";
    wants("tcp-upper-server", &["--mixin", "fibers"], "there is no mix-in \"fibers\" here", usage);
    wants("tcp-upper-client", &["a:1", "b:2"], "what is \"b:2\"?", "tcp-upper-client [ADDRESS]");
    let usage = "tcp-udp-group [--mixin sequential|threading|threadpool] [ADDRESS]";
    wants("tcp-udp-group", &["--mixin=forking"], "there is no mix-in \"forking\" here", usage);
    wants("shared-state-chat", &["--help"], "what is \"--help\"?", "shared-state-chat [ADDRESS]");
}
