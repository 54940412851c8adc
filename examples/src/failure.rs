//! Errors as a person wants to read them.

use std::{error::Error, fmt};

/// What an example's `main` returns.
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// Any error. `main` prints the error that it returns by `Debug`; this one shows the plain text there.
pub struct Failure(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.into())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
