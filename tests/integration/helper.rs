//! Running the helper program `bin/parity`, for what a process with many threads is no place for.

use crate::util::{GUARD, wait_for};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process::{Command, Stdio},
};

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
    let mut ended = None;
    let hangs = catch_unwind(AssertUnwindSafe(|| {
        wait_for("the helper to end", || {
            ended = helper.try_wait().expect("it is our child");
            ended.is_some()
        });
    }));
    let printed = || fs::read_to_string(&path).unwrap_or_default();
    if let Err(panic) = hangs {
        let _ = helper.kill();
        let _ = helper.wait();
        eprintln!("parity {arguments:?} took more than {GUARD:?} and printed:\n{}", printed());
        resume_unwind(panic);
    }
    let ended = ended.expect("or it hangs");
    assert_eq!(
        ended.code(),
        Some(status),
        "parity {arguments:?} ended with {ended} and printed:\n{}",
        printed()
    );
}
