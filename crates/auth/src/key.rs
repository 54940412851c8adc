//! The shared secret, kept so that it is hard to leak by accident.

use crate::random;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::{fmt, str};
use zeroize::Zeroizing;

/// A shared secret: never empty, never printed, overwritten with zeros when dropped.
///
/// Python's `authkey`. Its strength is the strength of every handshake in this crate: whoever
/// records a handshake can try guesses at home, so use 32 random bytes ([`Key::generate`]), not a password.
/// Use a key for one protocol and one purpose.
///
/// Zeroing reaches the memory that this type owns, not what the hash functions leave on the stack, swap, or a core dump.
///
/// ```
/// use socketserver_auth::{Key, KeyError};
///
/// let key = Key::new("correct horse battery staple")?;
/// assert_eq!(format!("{key:?}"), "Key(..)");
/// assert!(matches!(Key::new(""), Err(KeyError::Empty)));
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<Vec<u8>>,
}

impl Key {
    /// The longest key file, in bytes. A longer one is surely the wrong file.
    pub const MAX_FILE: usize = 4096;

    /// Takes these bytes as the key. A `Vec<u8>` or `String` is moved, not copied, so no second copy stays behind.
    ///
    /// # Errors
    /// [`KeyError::Empty`] for no bytes: HMAC would accept them and protect nothing.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.is_empty() { Err(KeyError::Empty) } else { Ok(Self { bytes }) }
    }

    /// Makes a key of 32 bytes from the operating system's random source.
    ///
    /// # Errors
    /// [`KeyError::Io`] if it gives none.
    ///
    /// ```
    /// # use socketserver_auth::Key;
    /// assert_ne!(Key::generate()?.expose(), Key::generate()?.expose());
    /// # Ok::<(), socketserver_auth::KeyError>(())
    /// ```
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new(vec![0; 32]);
        random::fill(&mut bytes)?;
        Ok(Self { bytes })
    }

    /// Reads the key from a file, without one trailing newline (`\n` or `\r\n`), which editors and `echo` add.
    ///
    /// All other bytes count, blanks too. The file's permissions are the caller's business: `chmod 600`.
    ///
    /// # Errors
    /// [`KeyError::Io`] if it can't be read, [`KeyError::TooLong`] beyond [`Key::MAX_FILE`] bytes, [`KeyError::Empty`] if
    /// nothing but the newline is in it.
    ///
    /// ```
    /// # use socketserver_auth::Key;
    /// # let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("key");
    /// std::fs::write(&path, "secret\n")?;
    /// assert_eq!(Key::from_file(&path)?.expose(), b"secret");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        let mut file = File::open(path)?;
        // Room for one byte too many, allocated once: a growing buffer would leave copies of the key behind.
        let mut bytes = Zeroizing::new(vec![0; Self::MAX_FILE + 1]);
        let mut filled = 0;
        while filled < bytes.len() {
            match file.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        if filled > Self::MAX_FILE {
            return Err(KeyError::TooLong { limit: Self::MAX_FILE });
        }
        let read = &bytes[..filled];
        let line = read.strip_suffix(b"\n").map_or(read, |line| line.strip_suffix(b"\r").unwrap_or(line));
        Self::new(line)
    }

    /// The bytes themselves, for handing the key to something else.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The same as [`Key::new`], for configuration parsers. The string is taken as it stands, not as hexadecimal.
impl str::FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::new(text)
    }
}

/// Why there is no [`Key`]. Shown to whoever starts the server, never to a peer.
///
/// ```
/// # use socketserver_auth::{Key, KeyError};
/// assert!(matches!(Key::from_file("/no/such/file"), Err(KeyError::Io(_))));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key has no bytes, or the file nothing but a newline.
    #[error("the key is empty")]
    Empty,
    /// The key file is longer than [`Key::MAX_FILE`].
    #[error("the key file is longer than {limit} bytes")]
    TooLong {
        /// The longest allowed, in bytes.
        limit: usize,
    },
    /// The file could not be read, or the operating system gave no random bytes.
    #[error("the key could not be had: {0}")]
    Io(#[from] io::Error),
}
