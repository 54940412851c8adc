//! 500 clients that dribble and 500 that never read, beside 50 good ones.
//!
//! What is compared are two rates, so nothing else may run meanwhile: these tests are skipped unless SOCKETSERVER_ALONE is set, and `.ci/run` runs
//! what they run by itself. One by one: `SOCKETSERVER_ALONE=1 cargo test -p socketserver-tests --test integration -- --test-threads=1 faults::slow_clients`.

use std::process::Command;

/// In a process of its own, since it takes more descriptors than the others leave.
fn good_clients_keep_their_share(mixin: &str) {
    if std::env::var_os("SOCKETSERVER_ALONE").is_none() {
        eprintln!("skipped: it needs the machine for itself, and SOCKETSERVER_ALONE says that it has it");
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_faults")).args(["slow", mixin, "0.8"]).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success(), "{said}{errors}");
}

#[test]
fn beside_slow_clients_a_thread_pool_serves_the_good_ones_as_fast() {
    good_clients_keep_their_share("pool");
}

#[test]
fn beside_slow_clients_a_reactor_serves_the_good_ones_as_fast() {
    good_clients_keep_their_share("reactor");
}
