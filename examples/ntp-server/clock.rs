//! This machine's clock, and what may be said of it.

use std::{
    mem,
    time::{Duration, SystemTime},
};

/// A clock that nobody vouches for.
///
/// Strictly, a server whose clock isn't synchronised says "alarm" (leap indicator 3) and stratum 16, and then no client takes its time.
/// Where time is to be told nevertheless, ntpd (its local clock driver) and chrony (`local stratum 10`) say what these constants say, and
/// clients that know of anything better take that.
#[derive(Debug)]
pub(crate) struct Clock {
    /// Of a reading, in seconds, as a power of two.
    pub(crate) precision: i8,
}

/// No leap second is announced, and no alarm raised: clients take the time.
pub(crate) const LEAP: u8 = 0;

/// How many servers away the true time is. 1 would claim a clock of atoms or satellites; 10 is the convention for "my own clock":
/// any server that is synchronised is nearer, and preferred.
pub(crate) const STRATUM: u8 = 10;

/// Where the time is from: 127.127.1.1, which is no server's address but stands for the local clock.
pub(crate) const REFERENCE_ID: [u8; 4] = [127, 127, 1, 1];

/// How long the way to the reference is: it is here.
pub(crate) const ROOT_DELAY: u32 = 0;

/// How far off the time may be, in 1/65536 of a second: half a second. Nobody knows that; it is as much as can be admitted to, since strict
/// clients take nothing that may be a second off. Those with several servers trust the others more.
pub(crate) const ROOT_DISPERSION: u32 = 1 << 15;

/// Readings that are compared.
const READINGS: u32 = 10_000;

impl Clock {
    /// The clock, with its precision measured.
    pub(crate) fn measured() -> Self {
        Clock { precision: precision_of(SystemTime::now) }
    }

    /// What it shows, in NTP's form.
    pub(crate) fn read(&self) -> Result<Timestamp, &'static str> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Ok(Timestamp::new(since_1970.map_err(|_| "the clock shows a time before 1970")?))
    }
}

/// The shortest step between two readings, rounded up: no reading is better than to that. From 2⁻³⁰ to 1 second.
fn precision_of(read: impl Fn() -> SystemTime) -> i8 {
    let mut last = read();
    let steps = (0..READINGS).map(|_| {
        let now = read();
        now.duration_since(mem::replace(&mut last, now)).unwrap_or_default() // somebody may set the clock
    });
    let shortest = steps.filter(|step| !step.is_zero()).min().unwrap_or(Duration::from_secs(1));
    let exponent = shortest.as_secs_f64().log2().ceil();
    exponent.clamp(-30.0, 0.0) as i8
}

/// Seconds since 1900, in units of 2⁻³²; they begin again at zero in 2036, and clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) u64);

/// From 1900 to 1970.
const SECONDS_TO_1970: u64 = 2_208_988_800;

impl Timestamp {
    fn new(since_1970: Duration) -> Self {
        let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
        let seconds = since_1970.as_secs().wrapping_add(SECONDS_TO_1970);
        Timestamp(seconds << 32 | fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// The precision of a clock that takes so long to be read, and shows multiples of `grain`.
    fn measured(reading: Duration, grain: Duration) -> i8 {
        let time = Cell::new(Duration::from_secs(1_700_000_000));
        precision_of(|| {
            time.set(time.get() + reading);
            let shown = time.get().as_nanos() / grain.as_nanos() * grain.as_nanos();
            SystemTime::UNIX_EPOCH + Duration::from_nanos(shown.try_into().unwrap())
        })
    }

    #[test]
    fn the_precision_is_the_shortest_step_rounded_up() {
        let ns = Duration::from_nanos;
        assert_eq!(measured(ns(40), ns(1)), -24); // 2⁻²⁴ s are 60 ns
        assert_eq!(measured(ns(1_000), ns(1)), -19);
        assert_eq!(measured(ns(3_000), ns(15_625_000)), -6); // 1/64 s exactly
        assert_eq!(measured(ns(0), ns(1)), 0, "a clock that stands still");
    }

    #[test]
    fn timestamps_count_from_1900_and_begin_again_in_2036() {
        assert_eq!(Timestamp::new(Duration::ZERO).0, 0x83AA_7E80 << 32);
        assert_eq!(Timestamp::new(Duration::new(0, 500_000_000)).0, 0x83AA_7E80_8000_0000);
        let end = (1 << 32) - SECONDS_TO_1970;
        assert_eq!(Timestamp::new(Duration::new(end - 1, 999_999_999)).0, 0xFFFF_FFFF_FFFF_FFFB);
        assert_eq!(Timestamp::new(Duration::new(end, 250_000_000)).0, 0x4000_0000);
    }
}
