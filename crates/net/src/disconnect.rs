//! Telling a client that went away from an error.

use std::{
    error::Error,
    io::{self, ErrorKind},
};

/// Whether `error` says no more than that the peer is gone: a reset or aborted connection, a broken pipe. Looks through the
/// chain of sources, since handlers wrap what they get.
///
/// Such an end is ordinary (a health check, a closed browser) and isn't reported as an error.
///
/// ```
/// use std::io;
///
/// let gone = io::Error::from(io::ErrorKind::ConnectionReset);
/// assert!(socketserver_net::is_disconnect(&gone));
/// assert!(!socketserver_net::is_disconnect(&io::Error::other("disk full")));
/// ```
pub fn is_disconnect(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return match io.get_ref() {
                // An error made up by a library (a TLS alert, say) counts by what it wraps as well as by its kind.
                Some(inner) => kind_is_disconnect(io.kind()) || is_disconnect(inner),
                None => kind_is_disconnect(io.kind()),
            };
        }
        next = error.source();
    }
    false
}

fn kind_is_disconnect(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe)
}
