use crate::python::{Python, Script, pythons, recv_bytes, send_bytes};
use crate::util::key;
use socketserver_auth::{AuthError, Digest, multiprocessing, mutual, oneway};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// An interpreter may take its time to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

fn listener() -> multiprocessing::Listener {
    let listener = multiprocessing::Listener::new(key("secret")).timeout(PATIENCE);
    #[cfg(feature = "legacy-md5")]
    let listener = listener.allow_legacy_md5(true);
    listener
}

fn client() -> multiprocessing::Client {
    let client = multiprocessing::Client::new(key("secret")).timeout(PATIENCE);
    #[cfg(feature = "legacy-md5")]
    let client = client.allow_legacy_md5(true);
    client
}

/// Those that this build can talk to.
fn speaking_pythons() -> Vec<Python> {
    pythons().into_iter().filter(|python| cfg!(feature = "legacy-md5") || python.names_digests()).collect()
}

/// Connects to a script that listens and has printed its port.
fn connect(script: &mut Script) -> TcpStream {
    let port = script.line().parse().expect("a port");
    TcpStream::connect(("127.0.0.1", port)).unwrap()
}

/// Starts a script that connects to us.
fn accept(python: &Python, name: &str, arguments: &[&str]) -> (Script, TcpStream) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port().to_string();
    let mut script = Script::start(python, name, &[&[port.as_str()], arguments].concat());
    // A script that failed to start would never connect.
    assert_eq!(script.line(), "connecting");
    (script, socket.accept().unwrap().0)
}

#[test]
fn we_connect_to_multiprocessing_listener() {
    for python in speaking_pythons() {
        let mut script = Script::start(&python, "listener.py", &["secret"]);
        let mut stream = connect(&mut script);
        client().handshake(&mut stream).unwrap_or_else(|error| panic!("{python:?}: {}", error.cause()));
        send_bytes(&mut stream, b"hello");
        assert_eq!(recv_bytes(&mut stream), b"HELLO", "{python:?}");
        assert_eq!(script.finish(), "accepted");
    }
}

#[test]
fn multiprocessing_client_connects_to_us() {
    for python in speaking_pythons() {
        let (script, mut stream) = accept(&python, "client.py", &["secret"]);
        listener().handshake(&mut stream).unwrap_or_else(|error| panic!("{python:?}: {}", error.cause()));
        assert_eq!(recv_bytes(&mut stream), b"hello");
        send_bytes(&mut stream, b"HELLO");
        assert_eq!(script.finish(), "connected HELLO", "{python:?}");
    }
}

#[test]
fn multiprocessing_refuses_our_wrong_key_and_we_refuse_its() {
    for python in speaking_pythons() {
        let mut script = Script::start(&python, "listener.py", &["other"]);
        let mut stream = connect(&mut script);
        assert_eq!(crate::util::cause(client().handshake(&mut stream)), "Rejected", "{python:?}");
        assert_eq!(script.finish(), "AuthenticationError: digest received was wrong");

        let (script, mut stream) = accept(&python, "client.py", &["other"]);
        assert_eq!(crate::util::cause(listener().handshake(&mut stream)), "WrongProof", "{python:?}");
        assert_eq!(script.finish(), "AuthenticationError: digest sent was rejected");
    }
}

#[test]
fn without_permission_old_pythons_fail_both_ways() {
    for python in pythons().into_iter().filter(|python| !python.names_digests()) {
        let mut script = Script::start(&python, "listener.py", &["secret"]);
        let strict = multiprocessing::Client::new(key("secret")).timeout(PATIENCE);
        let mut stream = connect(&mut script);
        assert_eq!(crate::util::cause(strict.handshake(&mut stream)), "LegacyRefused", "{python:?}");
        drop(stream);
        assert!(script.finish().contains("Error"));

        let (script, mut stream) = accept(&python, "client.py", &["secret"]);
        let strict = multiprocessing::Listener::new(key("secret")).timeout(PATIENCE);
        assert_eq!(crate::util::cause(strict.handshake(&mut stream)), "LegacyRefused", "{python:?}");
        assert_eq!(script.finish(), "AuthenticationError: digest sent was rejected");
    }
}

#[test]
fn every_digest_that_cpython_allows_is_understood_both_ways() {
    for python in pythons().into_iter().filter(Python::names_digests) {
        for digest in crate::multiprocessing::digests() {
            let (script, mut stream) = accept(&python, "digests.py", &["secret", digest.name()]);
            let ours = listener().digest(digest);
            ours.handshake(&mut stream)
                .unwrap_or_else(|error| panic!("{digest} {python:?}: {}", error.cause()));
            drop(stream);
            assert_eq!(script.finish(), "authenticated");
        }
    }
}

#[test]
fn the_tutorials_client_and_server_pass_and_fail_as_they_should() {
    let digests: Vec<_> = ["sha256", "md5"].iter().filter_map(|name| Digest::from_name(name)).collect();
    for python in pythons() {
        for &digest in &digests {
            for (theirs, passes) in [("secret", true), ("other", false)] {
                let (script, mut stream) = accept(&python, "oneway_client.py", &[theirs, digest.name()]);
                let server = oneway::Server::new(key("secret")).digest(digest).timeout(PATIENCE);
                assert_eq!(server.handshake(&mut stream).is_ok(), passes, "{digest} {python:?}");
                if passes {
                    stream.write_all(b"welcome").unwrap();
                }
                drop(stream);
                assert_eq!(script.finish(), if passes { "welcome" } else { "" });

                let mut script = Script::start(&python, "oneway_server.py", &[theirs, digest.name()]);
                let mut stream = connect(&mut script);
                let client = oneway::Client::new(key("secret")).digest(digest).timeout(PATIENCE);
                client.handshake(&mut stream).unwrap();
                let mut reply = String::new();
                let _ = stream.read_to_string(&mut reply);
                assert_eq!(reply, if passes { "welcome" } else { "" }, "{digest} {python:?}");
                assert_eq!(script.finish(), if passes { "accepted" } else { "refused" });
            }
        }
    }
}

#[test]
fn the_mutual_handshake_is_described_well_enough_to_write_it_in_python() {
    for python in pythons() {
        let (script, mut stream) = accept(&python, "mutual.py", &["client", "secret"]);
        let server = mutual::Server::new(key("secret")).context("interop").timeout(PATIENCE);
        converse(server.handshake(&mut stream), &mut stream);
        assert_eq!(script.finish(), "closed", "{python:?}");

        let mut script = Script::start(&python, "mutual.py", &["server", "secret"]);
        let mut stream = connect(&mut script);
        let client = mutual::Client::new(key("secret")).context("interop").timeout(PATIENCE);
        converse(client.handshake(&mut stream), &mut stream);
        assert_eq!(script.finish(), "closed", "{python:?}");
    }
}

/// The script echoes what it is sent in upper case, and closes when we do.
fn converse(session: Result<mutual::Session, AuthError>, stream: &mut TcpStream) {
    let mut session = session.unwrap_or_else(|error| panic!("{}", error.cause()));
    for word in ["hello", "", "world"] {
        session.send(stream, word.as_bytes()).unwrap();
        assert_eq!(session.recv(stream).unwrap().unwrap(), word.to_uppercase().as_bytes());
    }
    session.send_close(stream).unwrap();
    assert_eq!(session.recv(stream).unwrap(), None);
}
