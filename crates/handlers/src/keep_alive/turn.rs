//! How much a client that sends requests ahead gets at once.

use std::time::{Duration, Instant};

/// How long such a client is served before others have their turn.
const TURN: Duration = Duration::from_millis(1);

/// After so many requests a look at the clock: one for each would cost more than a request does.
const STRIDE: u32 = 16;

/// One client's turn. Without it who always has something more in our buffer would be served for ever: none of the places where a connection waits,
/// or is looked at, would be reached.
pub(super) struct Turn {
    requests: u32,
    until: Option<Instant>,
    /// How often had been received when the server was last asked whether it stops.
    looked_at: Option<u32>,
    stops: bool,
}

/// What comes after a request, if more has been read already.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum More {
    IsServed,
    /// After the others.
    HasToWait,
    /// The server stops, and what had been read by then is done.
    IsNotWanted,
}

impl Turn {
    /// Begins with what was read in an earlier turn, after so many receives, or with nothing.
    pub(super) fn begin(unread_after: Option<u32>, is_draining: impl FnOnce() -> bool) -> Self {
        let stops = unread_after.is_some() && is_draining();
        Turn { requests: 0, until: None, looked_at: unread_after, stops }
    }

    /// One more request is done, and so often has been received. Unless something has been received since the last time, this costs next to nothing.
    #[inline]
    pub(super) fn more(&mut self, received: u32, is_draining: impl FnOnce() -> bool) -> More {
        if self.looked_at != Some(received) {
            if self.stops {
                return More::IsNotWanted;
            }
            self.looked_at = Some(received);
            self.stops = is_draining();
        }
        self.requests = self.requests.wrapping_add(1);
        if self.requests.is_multiple_of(STRIDE) && self.is_over() { More::HasToWait } else { More::IsServed }
    }

    #[cold]
    fn is_over(&mut self) -> bool {
        let now = Instant::now();
        now >= *self.until.get_or_insert(now + TURN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;

    fn never() -> bool {
        false
    }

    #[test]
    fn who_has_had_his_time_waits_for_the_others() {
        let mut turn = Turn::begin(None, never);
        for _ in 1..STRIDE {
            assert_eq!(turn.more(1, never), More::IsServed);
            sleep(TURN / STRIDE);
        }
        assert_eq!(turn.more(1, never), More::IsServed, "the time begins to count");
        sleep(TURN);
        (1..STRIDE).for_each(|_| assert_eq!(turn.more(1, never), More::IsServed, "no look at the clock"));
        assert_eq!(turn.more(1, never), More::HasToWait);
    }

    #[test]
    fn what_was_read_when_the_server_stops_is_served_and_nothing_that_is_read_later() {
        let mut turn = Turn::begin(None, || panic!("nothing has been read"));
        assert_eq!(turn.more(1, never), More::IsServed);
        assert_eq!(turn.more(1, || panic!("nothing has been read since")), More::IsServed);
        assert_eq!(turn.more(2, || true), More::IsServed, "it may have been there before");
        assert_eq!(turn.more(2, never), More::IsServed);
        assert_eq!(turn.more(3, never), More::IsNotWanted);
    }

    #[test]
    fn another_turn_gives_no_more_to_be_read() {
        let mut turn = Turn::begin(Some(7), || true);
        assert_eq!(turn.more(7, never), More::IsServed);
        assert_eq!(turn.more(8, never), More::IsNotWanted);
    }
}
