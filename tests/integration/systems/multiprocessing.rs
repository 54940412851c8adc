//! Both ends of `multiprocessing.connection`, with every Python that there is at the other.

use super::peers::{Python, pythons, script, server};
use crate::examples::{
    client_process::{output_of, run},
    programs::example,
    server_process::ServerProcess,
};
use std::fs;
use tempfile::TempDir;

/// A folder with two keys, and their files.
pub(super) fn keys() -> (TempDir, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let [ours, other] = ["ours", "other"].map(|name| {
        let path = folder.path().join(name);
        fs::write(&path, format!("the key that is {name}\n")).expect("a folder of ours");
        path.to_str().expect("a name in UTF-8").to_owned()
    });
    (folder, ours, other)
}

/// The options of our end, for this Python at the other.
fn options<'a>(python: &Python, key: &'a str) -> Vec<&'a str> {
    let mut options = vec!["--authkey-file", key];
    options.extend(python.is_legacy().then_some("--allow-legacy-md5"));
    options
}

#[test]
fn every_python_has_its_messages_echoed() {
    let (_folder, key, _) = keys();
    for python in pythons() {
        let server = ServerProcess::start(
            "multiprocessing-listener",
            &[&options(&python, &key)[..], &["127.0.0.1:0"]].concat(),
        );
        let client = script(&python.program, "multiprocessing_client.py", &[&server.address, &key]);
        assert_eq!(output_of(client, b""), "all echoed\n", "{python:?}");
        server.stop();
    }
}

#[test]
fn every_mix_in_serves_several_clients() {
    let (_folder, key, _) = keys();
    let Some(python) = pythons().into_iter().next() else { return };
    for mixin in ["sequential", "threading", "threadpool", "forking", "prefork", "reactor"] {
        let arguments = [&options(&python, &key)[..], &["--mixin", mixin, "[::1]:0"]].concat();
        let server = ServerProcess::start("multiprocessing-listener", &arguments);
        for _ in 0..2 {
            let client = script(&python.program, "multiprocessing_client.py", &[&server.address, &key]);
            assert_eq!(output_of(client, b""), "all echoed\n", "{mixin}");
        }
        server.stop();
    }
}

#[test]
fn our_client_is_echoed_by_every_python() {
    let (_folder, key, _) = keys();
    for python in pythons() {
        let server = server(&python.program, "multiprocessing_listener.py", &[&key]);
        let mut client = example("multiprocessing-client");
        client.args(options(&python, &key)).arg(&server.address);
        let long = "long line ".repeat(100_000);
        let typed = format!("hello\n\n{long}\nquit\nnot sent\n");
        let output = output_of(client, typed.as_bytes());
        assert!(output == format!(">>: hello\n>>: >>: {long}\n>>: "), "{python:?}: {} bytes", output.len());
    }
}

#[test]
fn our_client_is_echoed_by_our_listener() {
    let (_folder, key, _) = keys();
    let server = ServerProcess::start("multiprocessing-listener", &["--authkey-file", &key, "127.0.0.1:0"]);
    let mut client = example("multiprocessing-client");
    client.args(["--authkey-file", &key, &server.address]);
    assert_eq!(output_of(client, "hello\nüber\n".as_bytes()), ">>: hello\n>>: über\n>>: \n");
    server.stop();
}

#[test]
fn neither_end_takes_another_key() {
    let (_folder, ours, other) = keys();
    for python in pythons() {
        let listener = ServerProcess::start(
            "multiprocessing-listener",
            &[&options(&python, &ours)[..], &["127.0.0.1:0"]].concat(),
        );
        let client = |key| script(&python.program, "multiprocessing_client.py", &[&listener.address, key]);
        assert_eq!(
            output_of(client(&other), b""),
            "AuthenticationError: digest sent was rejected\n",
            "{python:?}"
        );
        assert_eq!(output_of(client(&ours), b""), "all echoed\n", "others are served nevertheless");
        listener.stop();

        let listener = server(&python.program, "multiprocessing_listener.py", &[&ours]);
        let mut client = example("multiprocessing-client");
        client.args(options(&python, &other)).arg(&listener.address);
        let (status, output, errors) = run(client, b"hello\n");
        assert_eq!((status.code(), &*output), (Some(1), ""), "{python:?}");
        assert_eq!(errors, "Error: authentication failed: the peer rejected our digest\n");
    }
}

#[test]
fn pythons_that_know_only_md5_must_be_allowed_to() {
    let (_folder, key, _) = keys();
    for python in pythons().into_iter().filter(Python::is_legacy) {
        let listener =
            ServerProcess::start("multiprocessing-listener", &["--authkey-file", &key, "127.0.0.1:0"]);
        let client = script(&python.program, "multiprocessing_client.py", &[&listener.address, &key]);
        assert_eq!(output_of(client, b""), "AuthenticationError: digest sent was rejected\n", "{python:?}");
        listener.stop();

        let listener = server(&python.program, "multiprocessing_listener.py", &[&key]);
        let mut client = example("multiprocessing-client");
        client.args(["--authkey-file", &key, &listener.address]);
        let (status, output, errors) = run(client, b"hello\n");
        assert_eq!((status.code(), &*output), (Some(1), ""), "{python:?}");
        let expected =
            "Error: authentication failed: the peer speaks legacy HMAC-MD5, which is not allowed\n";
        assert_eq!(errors, expected);
    }
}

#[test]
fn a_key_is_needed() {
    let (folder, _, _) = keys();
    let missing = folder.path().join("missing").display().to_string();
    for program in ["multiprocessing-listener", "multiprocessing-client"] {
        let (status, output, errors) = run(example(program), b"");
        assert_eq!((status.code(), &*output), (Some(2), ""), "{program}");
        assert!(errors.starts_with("--authkey-file is missing\nusage: "), "{errors}");
        let mut command = example(program);
        command.args(["--authkey-file", &missing]);
        let (status, output, errors) = run(command, b"");
        assert_eq!((status.code(), &*output), (Some(1), ""), "{program}");
        assert!(errors.starts_with(&format!("Error: {missing}: the key could not be had")), "{errors}");
    }
}
