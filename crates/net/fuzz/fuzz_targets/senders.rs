//! `cargo +nightly fuzz run senders`, in `crates/net`. Unix datagrams, from whatever names. The checks are those of the ordinary tests.

#![no_main]

#[path = "../../tests/senders/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::senders(data));
