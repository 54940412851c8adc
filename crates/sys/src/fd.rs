//! Descriptors that come as bare numbers.

use std::{
    collections::BTreeSet,
    io,
    os::fd::{FromRawFd, OwnedFd, RawFd},
    sync::Mutex,
};

/// Numbers that were handed out by [`adopt_fd`], so that none has two owners.
static ADOPTED: Mutex<BTreeSet<RawFd>> = Mutex::new(BTreeSet::new());

/// Takes ownership of an inherited descriptor that is known by its number only: what a supervisor passed down
/// (`LISTEN_FDS`), inetd's 0, a number on the command line. It is made close-on-exec.
///
/// Each number can be taken once in the life of a process; the caller must not be using it by other means, as with
/// any number that a parent process was told to pass.
///
/// # Errors
/// `EBADF` if no such descriptor is open; [`io::ErrorKind::AlreadyExists`] if the number was taken before.
///
/// ```
/// use std::os::fd::IntoRawFd;
///
/// let number = std::net::TcpListener::bind("127.0.0.1:0")?.into_raw_fd(); // as if inherited
/// let listener = std::net::TcpListener::from(socketserver_sys::adopt_fd(number)?);
/// assert!(listener.local_addr()?.ip().is_loopback());
/// assert!(socketserver_sys::adopt_fd(number).is_err(), "it has an owner now");
/// # std::io::Result::Ok(())
/// ```
pub fn adopt_fd(number: RawFd) -> io::Result<OwnedFd> {
    if number < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: F_SETFD touches no memory; a number that is not open gives EBADF.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    let mut adopted = ADOPTED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if !adopted.insert(number) {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("descriptor {number} has an owner already"),
        ));
    }
    // SAFETY: the descriptor is open (fcntl succeeded), and the set above proves that we never made an owner for it
    // before. That nothing else in the process owns it is what an inherited descriptor means.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
