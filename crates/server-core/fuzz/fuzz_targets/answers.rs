//! `cargo +nightly fuzz run answers`, in `crates/server-core`. A list of connections that a worker process tells, from whatever bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| socketserver_core::fuzzed::answers(data));
