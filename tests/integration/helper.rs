//! Running the helper program `bin/parity`, for what a process with many threads is no place for.

use crate::util::GUARD;
use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Longer than the helper's own, so that what it has to say about a failure is heard.
const PATIENCE: Duration = GUARD.saturating_mul(4);

/// Runs a case of the helper; fails, with what it printed, if it fails.
#[track_caller]
pub(crate) fn parity(arguments: &[&str]) {
    parity_ending_in(0, arguments);
}

/// Runs a case of the helper that must end with `status`.
#[track_caller]
pub(crate) fn parity_ending_in(status: i32, arguments: &[&str]) {
    let directory = tempfile::tempdir().expect("there is a place for temporary files");
    let path = directory.path().join("output");
    let output = fs::File::create(&path).expect("the directory is ours");
    let mut helper = Command::new(env!("CARGO_BIN_EXE_parity"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a descriptor is free"))
        .stderr(output)
        .spawn()
        .expect("the helper is built with the tests");
    let end = Instant::now() + PATIENCE;
    let ended = loop {
        match helper.try_wait().expect("it is our child") {
            None if Instant::now() < end => thread::sleep(Duration::from_millis(1)),
            ended => break ended,
        }
    };
    if ended.is_none() {
        let _ = helper.kill();
        let _ = helper.wait();
    }
    let printed = fs::read_to_string(&path).unwrap_or_default();
    let Some(ended) = ended else { panic!("parity {arguments:?} took {PATIENCE:?} and printed:\n{printed}") };
    let expected = Some(status);
    assert_eq!(ended.code(), expected, "parity {arguments:?} ended with {ended} and printed:\n{printed}");
}
