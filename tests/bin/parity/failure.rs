//! The rows of `ErrorHandlerTest` that fork, or end the process.

use crate::error_server::{EXIT_STATUS, Failure, run as run_server};
use socketserver::{ForkingMixIn, Outcome, Sequential, ThreadingMixIn};
use std::path::Path;

pub(crate) fn run(mixin: &str, failure: &str, log: &Path) {
    let failure: Failure = failure.parse().unwrap();
    let outcome = match mixin {
        "sync" => run_server::<Sequential, _>(failure, log),
        "threading" => run_server::<ThreadingMixIn, _>(failure, log),
        "forking" => run_server::<ForkingMixIn, _>(failure, log),
        _ => panic!("no such mix-in: {mixin}"),
    };
    // We come here only if it forks: else the handler ends this process.
    let expected = match failure {
        Failure::Error => Outcome::Failed,
        Failure::Panic => Outcome::Panicked,
        Failure::Disconnect => Outcome::Disconnected,
        Failure::Exit => Outcome::InChild(Some(EXIT_STATUS)),
    };
    assert_eq!(outcome, expected);
}
