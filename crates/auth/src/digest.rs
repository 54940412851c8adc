//! The digests that the Python-compatible handshakes may use.

use crate::Key;
use hmac::{Hmac, KeyInit, Mac};
use std::fmt;

/// A hash function under HMAC, by the names that CPython's `hashlib` gives them.
///
/// ```
/// use socketserver_auth::Digest;
///
/// assert_eq!(Digest::from_name("sha384"), Some(Digest::Sha384));
/// assert_eq!(Digest::Sha384.to_string(), "sha384");
/// assert_eq!(Digest::Sha384.size(), 48);
/// assert_eq!(Digest::from_name("sha1"), None);
/// assert_eq!(Digest::default(), Digest::Sha256);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Digest {
    /// SHA-256, the default everywhere.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA3-256.
    #[cfg(feature = "sha3")]
    Sha3_256,
    /// SHA3-384.
    #[cfg(feature = "sha3")]
    Sha3_384,
    /// MD5, only for peers that know nothing else: CPython 3.11 and older.
    #[cfg(feature = "legacy-md5")]
    Md5,
}

impl Digest {
    /// The digest of this name, `None` if it is unknown or not compiled in.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            #[cfg(feature = "sha3")]
            "sha3_256" => Some(Self::Sha3_256),
            #[cfg(feature = "sha3")]
            "sha3_384" => Some(Self::Sha3_384),
            #[cfg(feature = "legacy-md5")]
            "md5" => Some(Self::Md5),
            _ => None,
        }
    }

    /// The name in Python's `hashlib`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            #[cfg(feature = "sha3")]
            Self::Sha3_256 => "sha3_256",
            #[cfg(feature = "sha3")]
            Self::Sha3_384 => "sha3_384",
            #[cfg(feature = "legacy-md5")]
            Self::Md5 => "md5",
        }
    }

    /// The length of its output, in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            #[cfg(feature = "sha3")]
            Self::Sha3_256 => 32,
            #[cfg(feature = "sha3")]
            Self::Sha3_384 => 48,
            #[cfg(feature = "legacy-md5")]
            Self::Md5 => 16,
        }
    }

    /// HMAC of the message.
    pub(crate) fn mac(self, key: &Key, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => mac::<Hmac<sha2::Sha256>>(key, message),
            Self::Sha384 => mac::<Hmac<sha2::Sha384>>(key, message),
            #[cfg(feature = "sha3")]
            Self::Sha3_256 => mac::<hmac::SimpleHmac<sha3::Sha3_256>>(key, message),
            #[cfg(feature = "sha3")]
            Self::Sha3_384 => mac::<hmac::SimpleHmac<sha3::Sha3_384>>(key, message),
            #[cfg(feature = "legacy-md5")]
            Self::Md5 => mac::<Hmac<md5::Md5>>(key, message),
        }
    }

    /// Whether `tag` is the HMAC of the message, compared in constant time. A tag of another length is simply wrong.
    pub(crate) fn verify(self, key: &Key, message: &[u8], tag: &[u8]) -> bool {
        match self {
            Self::Sha256 => verify::<Hmac<sha2::Sha256>>(key, message, tag),
            Self::Sha384 => verify::<Hmac<sha2::Sha384>>(key, message, tag),
            #[cfg(feature = "sha3")]
            Self::Sha3_256 => verify::<hmac::SimpleHmac<sha3::Sha3_256>>(key, message, tag),
            #[cfg(feature = "sha3")]
            Self::Sha3_384 => verify::<hmac::SimpleHmac<sha3::Sha3_384>>(key, message, tag),
            #[cfg(feature = "legacy-md5")]
            Self::Md5 => verify::<Hmac<md5::Md5>>(key, message, tag),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn keyed<M: Mac + KeyInit>(key: &Key, message: &[u8]) -> M {
    let keyed = <M as KeyInit>::new_from_slice(key.expose()).expect("HMAC takes a key of any length");
    keyed.chain_update(message)
}

fn mac<M: Mac + KeyInit>(key: &Key, message: &[u8]) -> Vec<u8> {
    keyed::<M>(key, message).finalize().into_bytes().to_vec()
}

fn verify<M: Mac + KeyInit>(key: &Key, message: &[u8], tag: &[u8]) -> bool {
    keyed::<M>(key, message).verify_slice(tag).is_ok()
}
