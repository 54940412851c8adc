//! `cargo +nightly fuzz run keep_alive`, in `crates/handlers`. The checks are those of the ordinary tests.

#![no_main]

#[path = "../../tests/pipelining/checks.rs"]
mod checks;
#[path = "../../tests/pipelining/wire.rs"]
mod wire;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::pipelining(data));
