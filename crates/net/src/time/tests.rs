//! Which limit ends a wait, and when.

use super::{Deadline, Limits, NONE, Patience, TimedOut, epoch, nanos};
use std::{
    io,
    time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);

/// When the wait ends, and by what.
fn end(limits: &Limits, side: Deadline) -> (Instant, Deadline) {
    let Patience::Until(at, is) = limits.patience(side) else { panic!("it ends") };
    (at, is)
}

/// A wait that begins now ends after so long.
#[track_caller]
fn lasts(limits: &Limits, side: Deadline, limit: Duration) {
    let before = Instant::now();
    let (at, is) = end(limits, side);
    assert!(before + limit <= at && at <= Instant::now() + limit, "{limit:?}");
    assert_eq!(is, side);
}

#[test]
fn nothing_limits_a_wait_unless_it_is_said() {
    let limits = Limits::none();
    assert_eq!((limits.read(), limits.write()), (None, None));
    for side in [Deadline::Read, Deadline::Write] {
        assert_eq!(limits.patience(side), Patience::Forever);
    }
}

#[test]
fn reads_and_writes_have_limits_of_their_own() {
    let limits = Limits::none();
    limits.set_read(Some(10 * SECOND));
    assert_eq!((limits.read(), limits.write()), (Some(10 * SECOND), None));
    lasts(&limits, Deadline::Read, 10 * SECOND);
    assert_eq!(limits.patience(Deadline::Write), Patience::Forever);
    limits.set_write(Some(20 * SECOND));
    assert_eq!((limits.read(), limits.write()), (Some(10 * SECOND), Some(20 * SECOND)));
    lasts(&limits, Deadline::Write, 20 * SECOND);
    limits.set_read(Some(Duration::ZERO));
    assert_eq!(limits.patience(Deadline::Read), Patience::NotAtAll);
    lasts(&limits, Deadline::Write, 20 * SECOND);
    limits.set_read(None);
    assert_eq!((limits.read(), limits.patience(Deadline::Read)), (None, Patience::Forever));
}

#[test]
fn a_deadline_of_the_whole_ends_what_would_last_longer_by_its_name() {
    for is in [Deadline::Request, Deadline::Idle, Deadline::Handshake] {
        let limits = Limits::none();
        let deadline = (epoch() + 3600 * SECOND, is); // long after the shorter of the others
        limits.set_deadline(Some(deadline));
        assert_eq!(end(&limits, Deadline::Read), deadline);
        limits.set_read(Some(5 * SECOND));
        limits.set_write(Some(7200 * SECOND));
        lasts(&limits, Deadline::Read, 5 * SECOND);
        assert_eq!(end(&limits, Deadline::Write), deadline);
        limits.set_deadline(None);
        lasts(&limits, Deadline::Write, 7200 * SECOND);
    }
}

#[test]
fn a_deadline_that_has_passed_ends_at_once() {
    let limits = Limits::none();
    limits.set_deadline(Some((epoch(), Deadline::Request)));
    assert_eq!(limits.patience(Deadline::Read), Patience::Until(epoch(), Deadline::Request));
}

#[test]
fn the_longest_limits_are_limits_still() {
    let limits = Limits::none();
    for longest in [Duration::MAX, Duration::from_nanos(u64::MAX)] {
        assert_eq!(nanos(longest), NONE - 1);
        limits.set_read(Some(longest));
        assert_eq!(limits.read(), Some(Duration::from_nanos(NONE - 1)));
    }
    assert_eq!(nanos(SECOND), 1_000_000_000);
}

#[test]
fn what_passed_is_named_and_found_in_what_was_made_of_it() {
    let texts = [
        (Deadline::Read, "read timed out"),
        (Deadline::Write, "write timed out"),
        (Deadline::Handshake, "the handshake took too long"),
        (Deadline::Idle, "idle for too long"),
        (Deadline::Request, "the request took too long"),
    ];
    for (deadline, text) in texts {
        let error = io::Error::from(TimedOut::new(deadline));
        assert_eq!(error.to_string(), text);
        let outer = io::Error::other(error);
        assert_eq!(TimedOut::of(&outer), Some(TimedOut { deadline }));
    }
    assert_eq!(TimedOut::of(&io::Error::from(io::ErrorKind::TimedOut)), None);
}

#[test]
fn a_deadline_is_told_as_it_was_set() {
    let limits = Limits::none();
    assert_eq!(limits.deadline(), None);
    let deadline = Some((epoch() + 10 * SECOND, Deadline::Idle));
    limits.set_deadline(deadline);
    assert_eq!(limits.deadline(), deadline);
}

#[test]
fn patience_is_at_its_end_when_its_instant_has_come_and_not_before() {
    Patience::Until(Instant::now() + 3600 * SECOND, Deadline::Request).check().unwrap();
    Patience::Forever.check().unwrap();
    Patience::NotAtAll.check().unwrap();
    let passed = Patience::Until(Instant::now(), Deadline::Request).check().unwrap_err();
    assert_eq!(TimedOut::of(&passed), Some(TimedOut { deadline: Deadline::Request }));
}
