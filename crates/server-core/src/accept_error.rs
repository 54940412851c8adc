//! What an error of accept(2) means for the loop.

use std::{io, time::Duration};

/// What to do after [`get_request`](crate::Transport::get_request) failed. One table for all transports:
///
/// | error | class | what the loop does |
/// |---|---|---|
/// | EAGAIN | [`Nothing`](Self::Nothing) | waits for the next client |
/// | ECONNABORTED, EINTR, EPERM, ECONNREFUSED, ECONNRESET; ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH | [`ThisRequest`](Self::ThisRequest) | goes on at once; after 64 in a row pauses for 10 to 160 ms |
/// | EMFILE, ENFILE | [`Exhausted`](Self::Exhausted) | with [`reserve_descriptor`](crate::ServerBuilder::reserve_descriptor) tells and refuses the first who waits; else, and where that fails, pauses: 5 ms, doubled up to 1 s |
/// | ENOBUFS, ENOMEM, any other | [`Exhausted`](Self::Exhausted) | pauses likewise |
/// | EBADF, EINVAL, ENOTSOCK, EFAULT | [`Fatal`](Self::Fatal) | `serve_forever` ends by [`ServerError::Accept`](crate::ServerError::Accept) |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptError {
    /// There is no request (any more): wait for readiness.
    Nothing,
    /// This one client failed; the next may be fine. Go on at once, unless that has been of no use many times in a row.
    ThisRequest,
    /// The system lacks something; trying again at once would spin. Wait, longer each time.
    Exhausted,
    /// The socket itself is unusable: no waiting will cure it. A transport that isn't a socket says so by
    /// [`NotConnected`](io::ErrorKind::NotConnected).
    Fatal,
}

impl AcceptError {
    /// Looks `error` up.
    ///
    /// ```
    /// use socketserver_core::AcceptError;
    /// use std::io;
    ///
    /// assert_eq!(AcceptError::of(&io::ErrorKind::ConnectionAborted.into()), AcceptError::ThisRequest);
    /// assert_eq!(AcceptError::of(&io::Error::from_raw_os_error(24)), AcceptError::Exhausted); // EMFILE
    /// ```
    pub fn of(error: &io::Error) -> AcceptError {
        use rustix::io::Errno;
        match Errno::from_io_error(error) {
            Some(Errno::AGAIN) => AcceptError::Nothing,
            // accept(2): "Linux accept() passes already-pending network errors on the new socket as an error code from
            // accept(). … For reliable operation the application should detect the network errors defined for the protocol
            // after accept() and treat them like EAGAIN by retrying. In the case of TCP/IP, these are ENETDOWN, EPROTO,
            // ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, and ENETUNREACH." ECONNABORTED: the client
            // reset before we came. EPERM: a firewall rule forbids this one. ECONNREFUSED and ECONNRESET: what a UDP
            // socket reports for a reply that nobody took.
            Some(
                Errno::CONNABORTED
                | Errno::NETDOWN
                | Errno::PROTO
                | Errno::NOPROTOOPT
                | Errno::HOSTDOWN
                | Errno::HOSTUNREACH
                | Errno::OPNOTSUPP
                | Errno::NETUNREACH
                | Errno::INTR
                | Errno::PERM
                | Errno::CONNREFUSED
                | Errno::CONNRESET,
            ) => AcceptError::ThisRequest,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Some(Errno::NONET) => AcceptError::ThisRequest,
            // "EMFILE: The per-process limit on the number of open file descriptors has been reached. ENFILE: The
            // system-wide limit … ENOBUFS, ENOMEM: Not enough free memory."
            Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => AcceptError::Exhausted,
            // "EBADF: sockfd is not an open file descriptor. EINVAL: Socket is not listening for connections. ENOTSOCK.
            // EFAULT."
            Some(Errno::BADF | Errno::INVAL | Errno::NOTSOCK | Errno::FAULT) => AcceptError::Fatal,
            Some(_) => AcceptError::Exhausted, // unknown: neither spin nor die
            None => match error.kind() {
                io::ErrorKind::WouldBlock => AcceptError::Nothing,
                io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::Interrupted => AcceptError::ThisRequest,
                io::ErrorKind::NotConnected => AcceptError::Fatal,
                _ => AcceptError::Exhausted,
            },
        }
    }
}

/// The waits after [`AcceptError::Exhausted`]: 5 ms, doubled up to 1 s, as Go's net/http has them.
#[derive(Debug, Default)]
pub(crate) struct BackOff {
    failures: u32,
    /// Errors of single clients, in a row.
    skipped: u32,
}

impl BackOff {
    pub(crate) fn next(&mut self) -> Duration {
        let wait = Duration::from_millis(5 << self.failures.min(8)).min(Duration::from_secs(1));
        self.failures += 1;
        wait
    }

    /// Whether there have been waits in a row of more than a second together.
    pub(crate) fn is_long(&self) -> bool {
        self.failures > 8
    }

    /// The wait after [`AcceptError::ThisRequest`]: none, but an error that meets all clients, of a broken firewall say, must not make
    /// the loop spin. Short, so that those who wait behind many who fail aren't held up.
    pub(crate) fn skip(&mut self) -> Option<Duration> {
        self.skipped = self.skipped.wrapping_add(1);
        (self.skipped.is_multiple_of(64)).then(|| Duration::from_millis(5 << (self.skipped / 64).min(5)))
    }

    pub(crate) fn reset(&mut self) {
        *self = BackOff::default();
    }
}

#[cfg(test)]
mod tests {
    use super::BackOff;

    #[test]
    fn waits_double_from_5_ms_to_1_s_and_start_over() {
        let mut back_off = BackOff::default();
        let waits: Vec<_> = (0..10).map(|_| back_off.next().as_millis()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        back_off.reset();
        assert_eq!(back_off.next().as_millis(), 5);
    }

    #[test]
    fn many_skipped_in_a_row_make_a_short_wait() {
        let mut back_off = BackOff::default();
        let waits: Vec<_> = (0..640).filter_map(|_| back_off.skip()).map(|it| it.as_millis()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 160, 160, 160, 160, 160]);
        back_off.reset();
        assert_eq!((0..63).find_map(|_| back_off.skip()), None);
    }
}
