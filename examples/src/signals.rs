//! Ending a program that has no `Server` to end.

use crate::Result;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    low_level::pipe,
};
use std::{io::Read, os::unix::net::UnixStream, process::exit, thread};

/// From now on SIGINT and SIGTERM end the program with status 0, whatever it does at that moment. For servers that have nothing to finish.
///
/// # Errors
/// The system has no descriptors left, or no threads.
pub fn end_on_signals() -> Result {
    let (mut heard, written) = UnixStream::pair()?;
    for signal in [SIGINT, SIGTERM] {
        pipe::register(signal, written.try_clone()?)?;
    }
    thread::Builder::new().name("signals".into()).spawn(move || {
        if heard.read_exact(&mut [0]).is_ok() {
            exit(0);
        }
    })?;
    Ok(())
}
