//! `cargo +nightly fuzz run orders`, in `crates/server-core`. What a worker process is asked, from whatever bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| socketserver_core::fuzzed::orders(data));
