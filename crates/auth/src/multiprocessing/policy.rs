//! Which digests a side asks for and puts up with.

use crate::{Cause, Digest};

/// The longest name between braces, `sha3_256`.
const LONGEST_NAME: usize = 8;

/// What the owner of a [`Listener`](super::Listener) or [`Client`](super::Client) allows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy {
    /// Named in our own challenges.
    pub(super) digest: Digest,
    #[cfg(feature = "legacy-md5")]
    pub(super) legacy_md5: bool,
}

impl Policy {
    /// MD5, if that was allowed, or asked for by name.
    pub(super) fn legacy(self) -> Result<Digest, Cause> {
        #[cfg(feature = "legacy-md5")]
        if self.legacy_md5 || self.digest == Digest::Md5 {
            return Ok(Digest::Md5);
        }
        Err(Cause::LegacyRefused)
    }

    /// Takes `{name}` off the front: which digest, and the rest. CPython's `_get_digest_name_and_payload`, without the legacy
    /// lengths, which mean different things in a challenge and in an answer.
    pub(super) fn split(self, message: &[u8]) -> Result<(Digest, &[u8]), Cause> {
        const NO_NAME: Cause = Cause::Malformed("no digest named where one must be");
        let rest = message.strip_prefix(b"{").ok_or(NO_NAME)?;
        let end = rest.iter().take(LONGEST_NAME + 1).position(|&byte| byte == b'}').ok_or(NO_NAME)?;
        let name = str::from_utf8(&rest[..end]).map_err(|_| Cause::UnsupportedDigest)?;
        let digest = if name == "md5" {
            self.legacy()?
        } else {
            Digest::from_name(name).ok_or(Cause::UnsupportedDigest)?
        };
        Ok((digest, &rest[end + 1..]))
    }
}
