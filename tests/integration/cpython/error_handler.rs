//! `ErrorHandlerTest`: what goes to `handle_error`, and what doesn't.
//!
//! An error that the handler returns goes there, as an exception does in Python. So does a panic, which ends its request and nothing
//! else. Two things don't: the end of the process (Python's `SystemExit`), since nobody is left to handle anything; and, on purpose
//! unlike in Python, a client that merely went away.

use super::error_server::{EXIT_STATUS, Failure, run};
use crate::helper::{parity, parity_ending_in};
use socketserver::{Outcome, Sequential, ThreadingMixIn};
use std::{fs, path::Path};

const NAMES: [(Failure, &str); 4] = [
    (Failure::Error, "error"),
    (Failure::Panic, "panic"),
    (Failure::Disconnect, "disconnect"),
    (Failure::Exit, "exit"),
];

fn check_result(log: &Path, handled: bool) {
    let expected = if handled { "Handler called\nError handled\n" } else { "Handler called\n" };
    assert_eq!(fs::read_to_string(log).unwrap(), expected);
}

/// Runs a case with a log of its own.
fn case(failure: Failure, handled: bool, run: impl FnOnce(&str, &Path)) {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let (_, name) = NAMES.iter().find(|(it, _)| *it == failure).unwrap();
    run(name, &log);
    check_result(&log, handled);
}

#[test]
fn test_sync_handled() {
    case(Failure::Error, true, |_, log| {
        assert_eq!(run::<Sequential, _>(Failure::Error, log), Outcome::Failed);
    });
    case(Failure::Panic, true, |_, log| {
        assert_eq!(run::<Sequential, _>(Failure::Panic, log), Outcome::Panicked);
    });
}

#[test]
fn test_sync_not_handled() {
    case(Failure::Disconnect, false, |_, log| {
        assert_eq!(run::<Sequential, _>(Failure::Disconnect, log), Outcome::Disconnected);
    });
    case(Failure::Exit, false, |name, log| {
        parity_ending_in(EXIT_STATUS, &["failure", "sync", name, log.to_str().unwrap()]);
    });
}

#[test]
fn test_threading_handled() {
    case(Failure::Error, true, |_, log| {
        assert_eq!(run::<ThreadingMixIn, _>(Failure::Error, log), Outcome::Failed);
    });
    case(Failure::Panic, true, |_, log| {
        assert_eq!(run::<ThreadingMixIn, _>(Failure::Panic, log), Outcome::Panicked);
    });
}

/// In Python `SystemExit` ends the thread; here no thread can be ended but with the process.
#[test]
fn test_threading_not_handled() {
    case(Failure::Disconnect, false, |_, log| {
        assert_eq!(run::<ThreadingMixIn, _>(Failure::Disconnect, log), Outcome::Disconnected);
    });
    case(Failure::Exit, false, |name, log| {
        parity_ending_in(EXIT_STATUS, &["failure", "threading", name, log.to_str().unwrap()]);
    });
}

#[test]
fn test_forking_handled() {
    for failure in [Failure::Error, Failure::Panic] {
        case(failure, true, |name, log| parity(&["failure", "forking", name, log.to_str().unwrap()]));
    }
}

/// The process that ends is the child's; the server goes on.
#[test]
fn test_forking_not_handled() {
    for failure in [Failure::Disconnect, Failure::Exit] {
        case(failure, false, |name, log| parity(&["failure", "forking", name, log.to_str().unwrap()]));
    }
}
