//! Several datagrams by one system call.

use rustix::net::{SocketAddrAny, addr::SocketAddrArg};
use std::{
    io,
    mem::{MaybeUninit, zeroed},
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
};

/// How many datagrams [`recv_datagrams`] receives at most.
pub const MOST_DATAGRAMS: usize = 64;

/// Receives datagrams that are there, one into each of `buffers` and at most [`MOST_DATAGRAMS`], without waiting: recvmmsg(2). Tells `received`
/// of each, in order, how many bytes came and who from; `None` is a sender without an address. What doesn't fit in a buffer is
/// lost. Says how many there were, at least 1. Allocates nothing.
///
/// rustix and socket2 don't offer it; nix does, in a form that can't be sent to another thread, and that doesn't know the length of
/// a Unix address.
///
/// # Errors
/// `EAGAIN` if there are none, and what recvmmsg(2) reports; a sandbox may forbid the call with `ENOSYS` or `EPERM`.
///
/// ```
/// use std::{net::{SocketAddr, UdpSocket}, os::fd::AsFd};
///
/// let (server, client) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
/// for text in ["a", "bc"] {
///     client.send_to(text.as_bytes(), server.local_addr()?)?;
/// }
/// let (mut buffers, mut seen) = ([[0; 8]; 3], Vec::new());
/// let n = socketserver_sys::recv_datagrams(
///     server.as_fd(),
///     buffers.iter_mut().map(|buffer| &mut buffer[..]),
///     |length, from| seen.push((length, from.map(SocketAddr::try_from))),
/// )?;
/// assert_eq!((n, &buffers[0][..1], &buffers[1][..2]), (2, &b"a"[..], &b"bc"[..]));
/// assert_eq!(seen, [(1, Some(Ok(client.local_addr()?))), (2, Some(Ok(client.local_addr()?)))]);
/// # std::io::Result::Ok(())
/// ```
pub fn recv_datagrams<'b>(
    socket: BorrowedFd<'_>,
    buffers: impl IntoIterator<Item = &'b mut [u8]>,
    mut received: impl FnMut(usize, Option<SocketAddrAny>),
) -> io::Result<usize> {
    // Not initialised, so that a batch of two doesn't pay for sixty-four.
    let mut names = [const { MaybeUninit::<libc::sockaddr_storage>::uninit() }; MOST_DATAGRAMS];
    let mut pieces = [const { MaybeUninit::<libc::iovec>::uninit() }; MOST_DATAGRAMS];
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; MOST_DATAGRAMS];
    let mut count = 0;
    for (buffer, ((name, piece), header)) in
        buffers.into_iter().zip(names.iter_mut().zip(&mut pieces).zip(&mut headers))
    {
        let piece = piece.write(libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() });
        // SAFETY: it is made of numbers and raw pointers, for which zero is a value: no ancillary data, no flags.
        let header = header.write(unsafe { zeroed() });
        header.msg_hdr.msg_name = name.as_mut_ptr().cast();
        header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        header.msg_hdr.msg_iov = ptr::from_mut(piece);
        header.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    let first: *mut libc::mmsghdr = headers.as_mut_ptr().cast();
    let n = loop {
        // SAFETY: `count` headers have been written. Each points at a name and a piece of this function, and its piece at a
        // buffer that is borrowed exclusively for the whole call, all with their true lengths. The kernel keeps none of them.
        let n = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                first,
                count,
                libc::MSG_DONTWAIT as _, // the type differs between C libraries
                ptr::null_mut(),
            )
        };
        match usize::try_from(n) {
            Ok(n) => break n,
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => continue,
                error => return Err(error),
            },
        }
    };
    for (header, name) in headers.iter().zip(&names).take(n) {
        // SAFETY: the kernel returns no more than `count`, so this one has been written above.
        let header = unsafe { header.assume_init_ref() };
        let length = header.msg_hdr.msg_namelen;
        let has_name = (size_of::<libc::sa_family_t>()..=size_of::<libc::sockaddr_storage>())
            .contains(&(length as usize));
        // SAFETY: the kernel has written an address of `length` bytes, which is within what there is room for.
        let name = has_name.then(|| unsafe { SocketAddrAny::read(name.as_ptr().cast(), length) });
        received(header.msg_len as usize, name);
    }
    Ok(n)
}

/// Sends datagrams, at most [`MOST_DATAGRAMS`] of `messages`, each to its address, without waiting: sendmmsg(2). Says how many
/// were sent, in order and at least 1; the next one couldn't be. Allocates nothing.
///
/// # Errors
/// Why the first couldn't be sent, as by sendto(2): `EAGAIN` if there is no room.
///
/// ```
/// use rustix::net::addr::SocketAddrArg;
/// use std::{net::UdpSocket, os::fd::AsFd};
///
/// let (server, client) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
/// let to = client.local_addr()?.as_any();
/// assert_eq!(socketserver_sys::send_datagrams(server.as_fd(), [(&b"a"[..], &to), (b"bc", &to)])?, 2);
/// let mut buf = [0; 8];
/// assert_eq!((client.recv(&mut buf)?, client.recv(&mut buf)?), (1, 2));
/// # std::io::Result::Ok(())
/// ```
pub fn send_datagrams<'m>(
    socket: BorrowedFd<'_>,
    messages: impl IntoIterator<Item = (&'m [u8], &'m SocketAddrAny)>,
) -> io::Result<usize> {
    let mut names = [const { MaybeUninit::<libc::sockaddr_storage>::uninit() }; MOST_DATAGRAMS];
    let mut pieces = [const { MaybeUninit::<libc::iovec>::uninit() }; MOST_DATAGRAMS];
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; MOST_DATAGRAMS];
    let mut count = 0;
    for ((data, to), ((name, piece), header)) in
        messages.into_iter().zip(names.iter_mut().zip(&mut pieces).zip(&mut headers))
    {
        let piece =
            piece.write(libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() });
        // SAFETY: it is made of numbers and raw pointers, for which zero is a value: no ancillary data, no flags.
        let header = header.write(unsafe { zeroed() });
        header.msg_hdr.msg_namelen = to.addr_len();
        header.msg_hdr.msg_name = name.as_mut_ptr().cast();
        let room = size_of::<libc::sockaddr_storage>();
        // SAFETY: it gives an address of that many bytes, no more than there is room for, since the type holds none longer.
        unsafe {
            to.with_sockaddr(|from, length| {
                ptr::copy_nonoverlapping(
                    from.cast::<u8>(),
                    name.as_mut_ptr().cast(),
                    room.min(length as usize),
                );
            });
        }
        header.msg_hdr.msg_iov = ptr::from_mut(piece);
        header.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    let first: *mut libc::mmsghdr = headers.as_mut_ptr().cast();
    loop {
        // SAFETY: `count` headers have been written. Each points at a name and a piece of this function, and its piece at data
        // that is borrowed for the whole call and only read, all with their true lengths. The kernel keeps none of them.
        let n = unsafe {
            libc::sendmmsg(socket.as_raw_fd(), first, count, (libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT) as _)
        };
        match usize::try_from(n) {
            Ok(n) => return Ok(n),
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => continue,
                error => return Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::UdpSocket, os::fd::AsFd};

    #[test]
    fn receives_no_more_than_there_is_room_for_and_says_when_there_is_nothing() {
        let (server, client) =
            (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        for number in 0..70_u8 {
            client.send_to(&[number; 3], server.local_addr().unwrap()).unwrap();
        }
        let mut buffers = [[0_u8; 2]; 100];
        let mut seen = Vec::new();
        for expected in [MOST_DATAGRAMS, 70 - MOST_DATAGRAMS] {
            let all = buffers.iter_mut().map(|it| &mut it[..]);
            let mut lengths = Vec::new();
            let n = recv_datagrams(server.as_fd(), all, |length, _| lengths.push(length)).unwrap();
            assert_eq!((n, &lengths), (expected, &vec![2; expected]), "cut to what fits");
            seen.extend(buffers[..n].iter().map(|it| it[0]));
        }
        assert_eq!(seen, Vec::from_iter(0..70));
        let nothing = recv_datagrams(server.as_fd(), buffers.iter_mut().map(|it| &mut it[..]), |_, _| ());
        assert_eq!(nothing.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
