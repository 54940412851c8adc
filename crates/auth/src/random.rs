//! Random bytes, always straight from the operating system.

use crate::Cause;
use rand::TryRng;
use rand::rngs::SysRng;
use std::io;

/// Fills the buffer. Not `rand::rng()`: its state lives in the process, so that children forked
/// by a forking server would all draw the same "fresh" nonces.
pub(crate) fn fill(buffer: &mut [u8]) -> io::Result<()> {
    SysRng.try_fill_bytes(buffer).map_err(io::Error::other)
}

/// A nonce of `N` bytes.
pub(crate) fn nonce<const N: usize>() -> Result<[u8; N], Cause> {
    let mut bytes = [0; N];
    fill(&mut bytes).map_err(Cause::Random)?;
    Ok(bytes)
}
