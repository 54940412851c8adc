//! What a handler says of itself: as provided, and by reference.

use crate::{HandlerResult, KeepAlive, KeepAliveRequestHandler, StreamContext};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

struct Plain;

impl KeepAliveRequestHandler for Plain {
    fn handle_one_request(&mut self, _: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        Ok(KeepAlive::No)
    }
}

/// One limit for both.
struct Limited;

impl KeepAliveRequestHandler for Limited {
    fn handle_one_request(&mut self, _: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        Ok(KeepAlive::No)
    }
    fn timeout(&self) -> Option<Duration> {
        Some(SECOND)
    }
}

/// Other than provided in all.
struct Odd(bool);

impl KeepAliveRequestHandler for Odd {
    fn handle_one_request(&mut self, _: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        Ok(KeepAlive::No)
    }
    fn rbufsize(&self) -> usize {
        3
    }
    fn wbufsize(&self) -> usize {
        4
    }
    fn timeout(&self) -> Option<Duration> {
        Some(5 * SECOND)
    }
    fn read_timeout(&self) -> Option<Duration> {
        Some(6 * SECOND)
    }
    fn write_timeout(&self) -> Option<Duration> {
        Some(7 * SECOND)
    }
    fn disable_nagle_algorithm(&self) -> bool {
        self.0
    }
}

type Said = (usize, usize, [Option<Duration>; 3], bool);

fn said(handler: impl KeepAliveRequestHandler) -> Said {
    let limits = [handler.timeout(), handler.read_timeout(), handler.write_timeout()];
    (handler.rbufsize(), handler.wbufsize(), limits, handler.disable_nagle_algorithm())
}

#[test]
fn as_provided_there_are_buffers_of_8_kib_no_limits_and_no_delay() {
    assert_eq!(said(Plain), (8192, 8192, [None; 3], true));
}

#[test]
fn one_limit_holds_for_reads_and_for_writes() {
    assert_eq!(said(Limited).2, [Some(SECOND); 3]);
}

#[test]
fn a_reference_says_what_the_handler_says() {
    for nodelay in [true, false] {
        let limits = [5, 6, 7].map(|seconds| Some(seconds * SECOND));
        assert_eq!(said(&mut Odd(nodelay)), (3, 4, limits, nodelay));
    }
}
