//! Names of errors and of peers, as the contract has them.

use socketserver::{Address, HandlerError, Panicked, TimedOut, UnixAddress};
use std::{error::Error, fmt, io};

/// The error of `--fail-in`: `ValueError("scripted")` in Python.
#[derive(Debug)]
pub(crate) struct ScriptedError;

/// What it says; a panic that says the same is it too.
pub(crate) const SCRIPTED: &str = "scripted";

impl fmt::Display for ScriptedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCRIPTED)
    }
}
impl Error for ScriptedError {}

/// The name of an error that has reached `handle_error`.
pub(crate) fn of_error(error: &HandlerError, peer: &Address) -> String {
    let panicked = error.downcast_ref::<Panicked>();
    if error.is::<ScriptedError>() || panicked.is_some_and(|it| it.message == SCRIPTED) {
        return "ValueError".into();
    }
    if TimedOut::of(&**error).is_some() {
        return "TimeoutError".into();
    }
    match error.downcast_ref::<io::Error>() {
        // The error's type isn't more particular; a peer that has no address is what makes it one.
        Some(io) if io.kind() == io::ErrorKind::InvalidInput && *peer == Address::Unbound => {
            "UnboundPeer".into()
        }
        Some(io) => of_io(io),
        None => format!("Unknown {error}"),
    }
}

/// The name of an error of the operating system.
pub(crate) fn of_io(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset => "ConnectionResetError".into(),
        io::ErrorKind::BrokenPipe => "BrokenPipeError".into(),
        io::ErrorKind::ConnectionAborted => "ConnectionAbortedError".into(),
        _ => format!("OSError {}", errno(error)),
    }
}

/// The name of the error's number; the number itself where no scenario meets it.
pub(crate) fn errno(error: &io::Error) -> String {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::ADDRINUSE) => "EADDRINUSE".into(),
        Some(Errno::MSGSIZE) => "EMSGSIZE".into(),
        Some(other) => other.raw_os_error().to_string(),
        None => error.to_string(),
    }
}

/// A client's address without what differs from run to run: ports, folders.
pub(crate) fn of_peer(peer: &Address) -> String {
    match peer {
        Address::Inet(address) => format!("ip {}", address.ip()),
        Address::Unix(UnixAddress::Unnamed) | Address::Unbound => "unnamed".into(),
        Address::Unix(address) => {
            let name = address.to_string();
            format!("path {}", name.rsplit('/').next().unwrap_or_default())
        }
        other => format!("other {other}"),
    }
}
