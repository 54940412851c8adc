//! Framing of the handshake: `Connection.send_bytes` and `Connection.recv_bytes(256)`.

use crate::wire::Wire;
use crate::{Cause, HandshakeStream};

/// Longest message of a handshake, in bytes, as in CPython.
pub(super) const MAX_MESSAGE: usize = 256;
/// `!i` −1, then `!Q`.
pub(super) const MAX_HEADER: usize = 12;

/// Sends one message. Header and payload leave together, as CPython has it for short ones.
pub(super) fn send_bytes<S>(wire: &mut Wire<'_, S>, message: &[u8]) -> Result<(), Cause>
where
    S: HandshakeStream + ?Sized,
{
    // What we send is far below the limit, which is far below the point where the long header begins.
    debug_assert!(message.len() <= MAX_MESSAGE);
    let mut frame = (message.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(message);
    wire.send(&frame)
}

/// Receives one message, whose length is believed only up to the limit.
pub(super) fn recv_bytes<S>(wire: &mut Wire<'_, S>) -> Result<Vec<u8>, Cause>
where
    S: HandshakeStream + ?Sized,
{
    let length = match i32::from_be_bytes(wire.read_array()?) {
        -1 => u64::from_be_bytes(wire.read_array()?),
        short => u64::try_from(short).map_err(|_| Cause::Malformed("negative message length"))?,
    };
    if length > MAX_MESSAGE as u64 {
        return Err(Cause::TooLarge { announced: length, limit: MAX_MESSAGE as u64 });
    }
    let mut message = vec![0; length as usize];
    wire.read_exact(&mut message)?;
    Ok(message)
}
