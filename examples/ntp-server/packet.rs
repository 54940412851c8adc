//! NTP's packets, as far as a server needs them.
//!
//! ```text
//!  0      leap indicator (2 bits), version (3), mode (3)     16  reference timestamp: when the clock was last set
//!  1      stratum                                            24  originate timestamp: the question's transmit timestamp
//!  2      poll: log2 of the seconds between two questions    32  receive timestamp:   when the question came
//!  3      precision: log2 of seconds                         40  transmit timestamp:  when the answer goes
//!  4, 8   root delay, root dispersion
//!  12     reference identifier                               48  authentication and extensions, perhaps
//! ```

use crate::clock::{Clock, LEAP, REFERENCE_ID, ROOT_DELAY, ROOT_DISPERSION, STRATUM, Timestamp};

/// The length of a packet without extensions, in bytes.
const LENGTH: usize = 48;

/// What an answer must know of its question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Query {
    /// The answer's is the same; the four versions differ in what is no business of a server as simple as this.
    version: u8,
    /// The mode of the answer.
    mode: u8,
    poll: u8,
    /// Comes back as it is: by it clients recognise answers to their own questions.
    transmitted: [u8; 8],
}

impl Query {
    /// Reads a question; `None` if it isn't one. What follows the first 48 bytes, keys and extensions, is left alone: the answer has none,
    /// and a client that insists on them rejects it.
    pub(crate) fn parse(packet: &[u8]) -> Option<Self> {
        let packet: &[u8; LENGTH] = packet.first_chunk()?;
        let (version, mode) = (packet[0] >> 3 & 7, packet[0] & 7);
        if !(1..=4).contains(&version) {
            return None;
        }
        let mode = match mode {
            1 => 2,           // a symmetric peer is answered passively
            3 => 4,           // a client is answered by a server
            _ => return None, // an answer, a broadcast, a question for the control of a server
        };
        Some(Query { version, mode, poll: packet[2], transmitted: *packet.last_chunk()? })
    }

    /// The answer, to a question that came at `received`; `now` is when it goes.
    pub(crate) fn answer(&self, clock: &Clock, received: Timestamp, now: Timestamp) -> [u8; LENGTH] {
        let mut packet = [0; LENGTH];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            packet[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&[LEAP << 6 | self.version << 3 | self.mode, STRATUM, self.poll]);
        put(&clock.precision.to_be_bytes());
        put(&ROOT_DELAY.to_be_bytes());
        put(&ROOT_DISPERSION.to_be_bytes());
        put(&REFERENCE_ID);
        // The reference is the clock itself, and this is when it was asked.
        put(&received.0.to_be_bytes());
        put(&self.transmitted);
        put(&received.0.to_be_bytes());
        put(&now.0.to_be_bytes());
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question whose bytes number themselves.
    fn question(first: u8) -> [u8; LENGTH] {
        let mut packet = std::array::from_fn(|at| at as u8);
        packet[0] = first;
        packet
    }

    #[test]
    fn an_answer_is_as_the_standard_draws_it() {
        let answer = Query::parse(&question(0o43)).unwrap().answer(
            &Clock { precision: -24 },
            Timestamp(0x0102_0304_0506_0708),
            Timestamp(0x1112_1314_1516_1718),
        );
        let expected = [
            [0o44, 10, 2, 232, 0, 0, 0, 0],
            [0, 0, 128, 0, 127, 127, 1, 1],
            [1, 2, 3, 4, 5, 6, 7, 8],
            [40, 41, 42, 43, 44, 45, 46, 47],
            [1, 2, 3, 4, 5, 6, 7, 8],
            [17, 18, 19, 20, 21, 22, 23, 24],
        ];
        assert_eq!(answer, *expected.as_flattened());
    }

    #[test]
    fn the_leap_bits_of_a_question_and_what_follows_it_mean_nothing() {
        let plain = Query::parse(&question(0o43));
        assert!(plain.is_some());
        assert_eq!(Query::parse(&question(0o343)), plain);
        assert_eq!(Query::parse(&[&question(0o43)[..], &[0xFF; 100]].concat()), plain);
    }

    #[test]
    fn what_is_no_question_is_told_apart() {
        let is_one = |first| Query::parse(&question(first)).is_some();
        let asked: Vec<u8> = (0..=0o77).filter(|first| is_one(*first)).collect();
        assert_eq!(asked, [0o11, 0o13, 0o21, 0o23, 0o31, 0o33, 0o41, 0o43]);
        assert_eq!(Query::parse(&question(0o43)[..47]), None);
        assert_eq!(Query::parse(b""), None);
    }
}
