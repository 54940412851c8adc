//! Unsigned LEB128: seven bits a byte, the lowest first, the top bit set on all bytes but the last.

use crate::{Decoded, FrameError, HeaderBytes};

/// 64 bits in groups of seven.
const MAX_BYTES: usize = 10;

pub(crate) fn encode(mut len: u64) -> HeaderBytes {
    let mut bytes = HeaderBytes::new();
    while len > 0x7f {
        bytes = bytes.push(&[len as u8 | 0x80]);
        len >>= 7;
    }
    bytes.push(&[len as u8])
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded, FrameError> {
    let mut len = 0;
    for (i, &byte) in bytes.iter().take(MAX_BYTES).enumerate() {
        // Nine groups make 63 bits, so the tenth byte has room for one, and none may follow.
        if i == MAX_BYTES - 1 && byte > 1 {
            return Err(FrameError::VarintOverflow);
        }
        len |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            if byte == 0 && i > 0 {
                return Err(FrameError::VarintOverlong);
            }
            return Ok(Decoded::Complete { len, header_len: i + 1 });
        }
    }
    Ok(Decoded::Incomplete { missing: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_boundary_survives_a_round_trip_in_its_shortest_form() {
        for bits in 0..=64 {
            for len in [(1u128 << bits) - 1, 1 << bits] {
                let Ok(len) = u64::try_from(len) else { continue };
                let bytes = encode(len);
                let shortest = (64 - len.leading_zeros()).div_ceil(7).max(1) as usize;
                assert_eq!(bytes.len(), shortest, "{len:#x}");
                assert_eq!(decode(&bytes).unwrap(), Decoded::Complete { len, header_len: shortest });
                for cut in 0..bytes.len() {
                    assert_eq!(decode(&bytes[..cut]).unwrap(), Decoded::Incomplete { missing: 1 });
                }
            }
        }
    }

    #[test]
    fn a_65th_bit_is_an_overflow() {
        let mut bytes = [0xff; 10];
        for last in [0x02, 0x7f, 0x80, 0x81, 0xff] {
            bytes[9] = last;
            assert!(matches!(decode(&bytes), Err(FrameError::VarintOverflow)), "{last:#x}");
        }
        bytes[9] = 1;
        assert_eq!(decode(&bytes).unwrap(), Decoded::Complete { len: u64::MAX, header_len: 10 });
    }

    #[test]
    fn a_longer_form_than_needed_is_refused() {
        for bytes in [
            &[0x80, 0][..],
            &[0xff, 0],
            &[0x80, 0x80, 0],
            &[0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
        ] {
            assert!(matches!(decode(bytes), Err(FrameError::VarintOverlong)), "{bytes:?}");
        }
    }
}
