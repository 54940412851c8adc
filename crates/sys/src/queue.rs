//! What a listening socket says of its queue.

use std::{
    io,
    mem::{MaybeUninit, size_of},
    os::fd::{AsRawFd, BorrowedFd},
};

/// How many connections wait to be accepted on a listening TCP socket. Linux only.
///
/// # Errors
/// What getsockopt(2) reports: `ENOTSOCK`, `EOPNOTSUPP` for a socket of another kind.
///
/// ```
/// use std::{net::{TcpListener, TcpStream}, os::fd::AsFd};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// assert_eq!(socketserver_sys::queue_length(listener.as_fd())?, 0);
/// let _client = TcpStream::connect(listener.local_addr()?)?;
/// assert_eq!(socketserver_sys::queue_length(listener.as_fd())?, 1);
/// # std::io::Result::Ok(())
/// ```
pub fn queue_length(listener: BorrowedFd<'_>) -> io::Result<usize> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: getsockopt(2) writes no more than `length` bytes, which is the size of what `info` points to, and says how many it wrote.
    let result = unsafe {
        libc::getsockopt(
            listener.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &mut length,
        )
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all of it was zeroed or written by the system, and `tcp_info` is made of integers, of which any bits are values.
    let info = unsafe { info.assume_init() };
    // For a socket that listens the field is the length of the queue.
    Ok(info.tcpi_unacked as usize)
}

/// Whether a filter is attached to a socket (SO_ATTACH_FILTER, SO_ATTACH_BPF). Linux only. If that can't be told, there may be one.
///
/// ```
/// use std::{net::TcpListener, os::fd::AsFd};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// assert!(!socketserver_sys::has_filter(listener.as_fd()));
/// # std::io::Result::Ok(())
/// ```
pub fn has_filter(socket: BorrowedFd<'_>) -> bool {
    let mut length: libc::socklen_t = 0;
    // SAFETY: with a length of zero getsockopt(2) only says how many instructions the filter has, and writes nothing but that.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_GET_FILTER,
            std::ptr::null_mut(),
            &mut length,
        )
    };
    result < 0 || length > 0
}
