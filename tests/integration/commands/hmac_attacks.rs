//! Clients that must not be let in.

use super::{
    hmac::{HANDSHAKES, Keys, server, server_command, with_key},
    peers::{MIXINS, python},
};
use crate::examples::{
    client_process::{ClientProcess, output_of, run},
    server_process::ServerProcess,
};
use crate::util::wait_for;
use std::{
    fs,
    io::Read,
    net::TcpStream,
    time::{Duration, Instant},
};

/// What an attacker in Python says it got.
fn attack(name: &str, argument: &str, server: &ServerProcess) -> Option<String> {
    Some(output_of(python("hmac_attacker.py", &[name, argument, &server.address])?, b""))
}

fn is_served(server: &ServerProcess, handshake: &str, keys: &Keys) {
    let client = with_key("hmac-command-client", handshake, &keys.file("right"), &[&server.address]);
    assert_eq!(output_of(client, b"echo hello\nquit\n"), ">>: hello\n\n>>: ");
}

#[test]
fn a_wrong_key_gets_nobody_in() {
    let keys = Keys::new();
    for mixin in MIXINS {
        for (handshake, problem) in
            HANDSHAKES.into_iter().zip(["authentication failed", "the server has closed the connection"])
        {
            let server = server(handshake, &keys, &["--mixin", mixin]);
            let client = with_key("hmac-command-client", handshake, &keys.file("wrong"), &[&server.address]);
            let (status, output, errors) = run(client, b"echo hello\nquit\n");
            assert_eq!(status.code(), Some(1), "{handshake}");
            assert!(!output.contains("hello"), "{output}");
            // Whether the end of the connection or its reset comes first is nobody's choice.
            let is_end = handshake == "legacy" && errors.starts_with("Error: Connection reset");
            assert!(is_end || errors == format!("Error: {problem}\n"), "{handshake}: {errors}");
            let arguments = [handshake, &keys.file("wrong"), &server.address, "i", "echo hello"];
            let Some(client) = python("hmac_client.py", &arguments) else { return };
            let (status, output, _) = run(client, b"");
            assert_eq!((status.code(), &*output), (Some(1), ""), "{handshake}");
            is_served(&server, handshake, &keys);
            server.stop();
        }
    }
}

#[test]
fn a_truncated_answer_gets_nobody_in() {
    let keys = Keys::new();
    for handshake in HANDSHAKES {
        let server = server(handshake, &keys, &[]);
        for bytes in ["0", "1", "15"] {
            let Some(got) = attack("truncate", bytes, &server) else { return };
            assert_eq!(got, "b''\n", "{handshake} {bytes}");
        }
        is_served(&server, handshake, &keys);
        server.stop();
    }
}

#[test]
fn a_command_in_place_of_an_answer_is_not_run() {
    let keys = Keys::new();
    for handshake in HANDSHAKES {
        let server = server(handshake, &keys, &[]);
        let Some(got) = attack("command-first", "-", &server) else { return };
        // The refusal of our own protocol, or nothing.
        assert!(got == "b''\n" || got == format!("b'{}'\n", r"\x00".repeat(33)), "{got}");
        server.stop();
    }
}

#[test]
fn an_answer_that_was_heard_before_gets_nobody_in() {
    let keys = Keys::new();
    let right = keys.file("right");
    let legacy = server("legacy", &keys, &[]);
    let Some(got) = attack("replay-legacy", &right, &legacy) else { return };
    assert!(got.starts_with("3 ") && got.ends_with("'in\\n'\nb''\n"), "{got}");
    legacy.stop();
    let mutual = server("mutual", &keys, &[]);
    let Some(got) = attack("replay-mutual", &right, &mutual) else { return };
    assert_eq!(
        got,
        format!("b'\\x01'\nb'{}'\n", r"\x00".repeat(33)),
        "the first is let in, the second refused"
    );
    mutual.stop();
}

#[test]
fn a_challenge_that_is_sent_back_gets_nobody_in() {
    let keys = Keys::new();
    let legacy = server("legacy", &keys, &[]);
    let Some(got) = attack("reflect-legacy", "-", &legacy) else { return };
    assert_eq!(got, "b''\n");
    is_served(&legacy, "legacy", &keys);
    legacy.stop();
    let mutual = server("mutual", &keys, &[]);
    let Some(got) = attack("reflect-mutual", "-", &mutual) else { return };
    let refused = format!("b'{}'", r"\x00".repeat(33));
    assert_eq!(got, format!("{refused} {refused}\n"));
    is_served(&mutual, "mutual", &keys);
    mutual.stop();
}

#[test]
fn who_has_the_key_may_send_commands_and_nothing_longer() {
    let keys = Keys::new();
    for mixin in MIXINS {
        let server = server("mutual", &keys, &["--mixin", mixin]);
        let Some(got) = attack("too-long", &keys.file("right"), &server) else { return };
        assert!(got.starts_with("3 ") && got.ends_with("'in\\n'\nb''\n"), "{mixin}: {got}");
        server.stop();
    }
}

#[test]
fn a_silent_client_is_cut_off_at_the_deadline_and_a_slow_one_too() {
    let keys = Keys::new();
    for handshake in HANDSHAKES {
        let server = server(handshake, &keys, &["--handshake-deadline", "0.5"]);
        let Some(got) = attack("silent", "-", &server) else { return };
        assert_eq!(got, "b''\n", "{handshake}");
        server.stop();
    }
    // Each byte comes in time; all 64 would take thirteen seconds.
    let server = server("mutual", &keys, &["--handshake-deadline", "0.5"]);
    let Some(got) = attack("slow", "0.2", &server) else { return };
    assert_eq!(got, "cut off\n");
    server.stop();
}

#[test]
fn nobody_waits_for_a_silent_client() {
    let keys = Keys::new();
    for mixin in ["threading", "forking", "reactor"] {
        let server = server("mutual", &keys, &["--mixin", mixin, "--handshake-deadline", "9999"]);
        let arguments = ["silent", "-", &server.address];
        let Some(silent) = python("hmac_attacker.py", &arguments) else { return };
        let _silent = ClientProcess::start(silent);
        is_served(&server, "mutual", &keys);
        server.stop();
    }
}

#[test]
fn who_fails_again_and_again_has_to_wait() {
    let keys = Keys::new();
    let server = server("legacy", &keys, &[]);
    let challenged = || {
        let begun = Instant::now();
        let mut client = TcpStream::connect(server.inet()).expect("it listens");
        client.read_exact(&mut [0; 32]).expect("a challenge");
        (client, begun.elapsed())
    };
    for _ in 0..5 {
        let Some(got) = attack("truncate", "3", &server) else { return };
        assert_eq!(got, "b''\n");
    }
    // Three failures are free, each further one doubles the tenth of a second that the next attempt waits.
    let (_client, waited) = challenged();
    assert!(waited >= Duration::from_millis(200), "{waited:?}");
    // Whoever knows the key has to wait too, and then is forgiven.
    is_served(&server, "legacy", &keys);
    server.stop();
}

#[test]
fn why_a_client_failed_is_in_the_servers_log_and_nowhere_else() {
    let keys = Keys::new();
    for mixin in ["sequential", "threading", "threadpool", "reactor"] {
        let path = tempfile::NamedTempFile::new().expect("a file").into_temp_path();
        let mut server = server_command("mutual", &keys, &["--mixin", mixin]);
        server.stderr(fs::File::create(&path).expect("a file of ours"));
        let server = ServerProcess::launch(server).expect("it says where it listens");
        for failures in 1..=2 {
            let client = with_key("hmac-command-client", "mutual", &keys.file("wrong"), &[&server.address]);
            let (_, output, errors) = run(client, b"");
            assert_eq!((&*output, &*errors), ("", "Error: authentication failed\n"));
            let line =
                format!("does not know the key (failure {failures} of this peer, {failures} in all)\n");
            wait_for("the log", || fs::read_to_string(&path).is_ok_and(|log| log.ends_with(&line)));
        }
        server.stop();
    }
}
