//! `cargo +nightly fuzz run ntp`, in `examples`. What the NTP server takes for a question, from whatever bytes.

#![no_main]

#[allow(dead_code, reason = "no clock is read here")]
#[path = "../../ntp-server/clock.rs"]
mod clock;
#[path = "../../ntp-server/packet.rs"]
mod packet;

use clock::{Clock, Timestamp};
use packet::Query;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(query) = Query::parse(data) else { return };
    let answer = query.answer(&Clock { precision: -20 }, Timestamp(1), Timestamp(2));
    assert_eq!(answer[24..32], data[40..48], "the client knows it for an answer to its own question");
    assert_eq!(answer[0] & 0o70, data[0] & 0o70, "of the same version");
    assert_eq!(answer[2], data[2]);
    assert_eq!(Query::parse(&answer), None, "two servers would answer each other for ever");
});
