use crate::util::{Script, Step, cause, key};
use socketserver_auth::{AuthError, Cause, mutual};
use std::error::Error;
use std::io::ErrorKind;

/// One failure of each kind.
fn failures() -> Vec<AuthError> {
    let server = mutual::Server::new(key("k"));
    let scripts = [
        Script::of([0; 64]),
        Script::of([0; 63]),
        Script::new([]).silent_at_end(),
        Script::new([Step::Fail(ErrorKind::PermissionDenied)]),
    ];
    scripts.into_iter().map(|mut script| server.handshake(&mut script).unwrap_err()).collect()
}

#[test]
fn every_failure_reads_the_same() {
    for error in failures() {
        assert_eq!(error.to_string(), "authentication failed");
        assert_eq!(format!("{error:?}"), "AuthError(..)");
        assert!(error.source().is_none(), "reporters print the chain");
    }
}

#[test]
fn the_cause_is_there_for_the_log() {
    let causes: Vec<_> = failures().iter().map(|error| error.cause().to_string()).collect();
    assert_eq!(causes[0], "the peer's digest is wrong: it does not know the key");
    assert_eq!(causes[1], "closed in the middle of the handshake");
    assert_eq!(causes[2], "the handshake's deadline passed");
    assert_eq!(causes[3], "permission denied");
}

#[test]
fn an_interrupted_read_is_no_failure() {
    let mut script = Script::new([Step::Fail(ErrorKind::Interrupted), Step::Bytes(vec![0; 64])]);
    assert_eq!(cause(mutual::Server::new(key("k")).handshake(&mut script)), "WrongProof");
}

#[test]
fn as_an_io_error_it_still_hides_and_keeps_its_cause() {
    for error in failures() {
        let error = std::io::Error::from(error);
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.to_string(), "authentication failed");
        let inner = *error.into_inner().unwrap().downcast::<AuthError>().unwrap();
        assert!(!inner.cause().to_string().is_empty());
    }
}

#[test]
fn the_peer_sees_the_same_bytes_for_every_wrong_answer() {
    let server = mutual::Server::new(key("k"));
    let refusal = |answer: [u8; 64]| {
        let mut script = Script::of(answer);
        let error = server.handshake(&mut script).unwrap_err();
        assert!(matches!(error.cause(), Cause::WrongProof));
        script.sent.split_off(40)
    };
    assert_eq!(refusal([0; 64]), [0; 33]);
    assert_eq!(refusal([255; 64]), [0; 33]);
}
