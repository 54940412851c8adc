//! Peers of `multiprocessing.connection` that must not be let in.

use super::{
    multiprocessing::keys,
    peers::{script, server},
};
use crate::{
    examples::{
        client_process::{ClientProcess, output_of, run},
        programs::example,
        server_process::ServerProcess,
    },
    util::tool,
};
use std::time::Instant;

fn listener(key: &str, options: &[&str]) -> ServerProcess {
    // Allowed the digest of the oldest Python, so that any can be at the other end.
    let arguments = [&["--authkey-file", key, "--allow-legacy-md5", "127.0.0.1:0"], options].concat();
    ServerProcess::start("multiprocessing-listener", &arguments)
}

/// What an attacker in Python says it got.
fn attack(name: &str, argument: &str, listener: &ServerProcess) -> Option<String> {
    let arguments = [name, argument, &*listener.address];
    Some(output_of(script(&tool("python3")?, "multiprocessing_attacker.py", &arguments), b""))
}

#[test]
fn nothing_but_a_fresh_answer_gets_anybody_in() {
    let (_folder, key, _) = keys();
    let refused = "b'#FAILURE#'\nend\n";
    let listener = listener(&key, &[]);
    for attack_name in ["reflect", "early"] {
        let Some(got) = attack(attack_name, "-", &listener) else { return };
        assert_eq!(got, refused, "{attack_name}");
    }
    let Some(got) = attack("replay", &key, &listener) else { return };
    assert_eq!(got, format!("b'#WELCOME#'\n{refused}"));
    listener.stop();
}

#[test]
fn an_answer_of_no_possible_length_is_refused_and_one_cut_short_too() {
    let (_folder, key, _) = keys();
    // 2 GiB less a byte; -2; what -1 announces, 2 GiB; half an answer.
    for answer in ["7fffffff", "fffffffe", "ffffffff0000000080000000", "000000287b73686132"] {
        // One each, so that none of them has to wait.
        let listener = listener(&key, &[]);
        let Some(got) = attack("raw", answer, &listener) else { return };
        assert_eq!(got, "b'#FAILURE#'\n", "{answer}");
        listener.stop();
    }
}

#[test]
fn who_has_the_key_is_not_believed_any_length_either() {
    let (_folder, key, _) = keys();
    // 2 GiB less a byte; -2; what -1 announces, 2 GiB; a byte more than 16 MiB.
    for header in ["7fffffff", "fffffffe", "ffffffff0000000080000000", "01000001"] {
        let listener = listener(&key, &[]);
        let Some(got) = attack("header", &format!("{key}:{header}"), &listener) else { return };
        assert_eq!(got, "b'hello'\nend\n", "{header}");
        listener.stop();
    }
}

#[test]
fn nobody_waits_for_a_silent_client_and_it_is_cut_off() {
    let (_folder, key, _) = keys();
    let Some(python) = tool("python3") else { return };
    let listener = listener(&key, &[]);
    let arguments = ["silent", "-", &listener.address];
    let silent = ClientProcess::start(script(&python, "multiprocessing_attacker.py", &arguments));
    let mut client = example("multiprocessing-client");
    client.args(["--authkey-file", &key, &listener.address]);
    assert_eq!(output_of(client, b"hello\nquit\n"), ">>: hello\n>>: ");
    // After the usual ten seconds, in which there is time for a word too.
    assert_eq!(silent.hears().as_deref(), Some("end"));
    listener.stop();
}

#[test]
fn who_fails_again_and_again_has_to_wait() {
    let (_folder, key, _) = keys();
    for mixin in ["threading", "reactor"] {
        let listener = listener(&key, &["--mixin", mixin]);
        for _ in 0..5 {
            let Some(got) = attack("raw", "00000000", &listener) else { return };
            assert_eq!(got, "b'#FAILURE#'\n");
        }
        // Three failures are free, each further one doubles the tenth of a second that the next attempt waits.
        let begun = Instant::now();
        let mut client = example("multiprocessing-client");
        client.args(["--authkey-file", &key, &listener.address]);
        assert_eq!(output_of(client, b"hello\nquit\n"), ">>: hello\n>>: ", "{mixin}");
        assert!(begun.elapsed().as_millis() >= 200, "{mixin}");
        listener.stop();
    }
}

#[test]
fn our_client_answers_no_false_challenge() {
    let (_folder, key, _) = keys();
    let Some(python) = tool("python3") else { return };
    for (challenge, cause) in [
        ("7fffffff", "2147483647 bytes announced where at most 256 are allowed"),
        ("fffffffe", "protocol error: negative message length"),
        ("ffffffff0000000080000000", "2147483648 bytes announced where at most 256 are allowed"),
        ("0000002823434841", "closed in the middle of the handshake"),
        ("", "closed in the middle of the handshake"),
    ] {
        let listener = server(&python, "multiprocessing_attacker.py", &["listen", challenge]);
        let mut client = example("multiprocessing-client");
        client.args(["--authkey-file", &key, &listener.address]);
        let (status, output, errors) = run(client, b"hello\n");
        assert_eq!((status.code(), &*output), (Some(1), ""), "{challenge}");
        assert_eq!(errors, format!("Error: authentication failed: {cause}\n"));
    }
}
