//! What can go wrong with a server, as opposed to one of its requests.

use std::{fmt, io};
use thiserror::Error;

/// A server could not be made or could not go on.
///
/// As text it says what failed on which address: `bind 127.0.0.1:80: permission denied`. It looks the same by `Debug`, so that
/// a `main` that returns it prints a line that a person can read; the system's error is its
/// [`source`](std::error::Error::source).
///
/// ```
/// use socketserver_core::{ServerError, TcpServer};
/// # use socketserver_handlers::{HandlerResult, StreamContext};
/// let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
/// let address = taken.local_addr().unwrap();
///
/// let error = TcpServer::<_>::bind_fn(address, |_: &mut StreamContext<'_>| Ok(())).unwrap_err();
/// assert_eq!(error.to_string(), format!("bind {address}: address in use"));
/// assert!(matches!(error, ServerError::Bind { .. }));
/// ```
#[derive(Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address could not be turned into one that can be bound: no such host, a path too long for a Unix socket.
    #[error("resolve {address}: {}", reason(source))]
    Resolve {
        /// As it was given.
        address: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The socket could not be made or bound: the port is in use, permission is lacking, an option isn't supported.
    #[error("bind {address}: {}", reason(source))]
    Bind {
        /// The address that was tried last.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The socket could not be made to listen.
    #[error("listen on {address}: {}", reason(source))]
    Activate {
        /// The address it is bound to.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// An open descriptor can't be served, for it is none or of another kind.
    #[error("adopt descriptor {descriptor}: {}", reason(source))]
    Adopt {
        /// Its number.
        descriptor: i32,
        /// What is wrong with it.
        source: io::Error,
    },
    /// Requests can't be accepted any more, for a reason that waiting won't cure.
    #[error("accept on {address}: {}", reason(source))]
    Accept {
        /// The server's address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// What the server needs for itself could not be had: a wake-up descriptor, a thread, a child process.
    #[error("start {what}: {}", reason(source))]
    Start {
        /// What was lacking.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The server is being served by another thread already.
    #[error("the server on {address} is serving already")]
    AlreadyServing {
        /// The server's address.
        address: String,
    },
    /// The server was closed by `server_close`.
    #[error("the server is closed")]
    Closed,
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The kind in words where the system's error has one ("permission denied"), else its text.
fn reason(error: &io::Error) -> String {
    let kind = error.kind().to_string();
    let told = error.raw_os_error().is_some() && kind != "uncategorized error" && kind != "other error";
    if told { kind } else { error.to_string() }
}

/// How an address is named in an error: as the user wrote it, whatever its type.
pub(crate) fn written(address: &dyn fmt::Debug) -> String {
    format!("{address:?}").trim_matches('"').to_owned()
}
