//! `cargo +nightly fuzz run frames`, in `crates/framing`. The checks are those of the ordinary tests.

#![no_main]

#[allow(dead_code, reason = "the other target uses the rest")]
#[path = "../../tests/framing/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::frames(data));
