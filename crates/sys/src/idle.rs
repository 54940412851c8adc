//! A child's wait for its client, which its parent can end by a signal.

use crate::{Child, terminate};
use std::{
    os::fd::{AsRawFd, BorrowedFd},
    sync::atomic::{
        AtomicBool, AtomicI32,
        Ordering::{Relaxed, SeqCst},
    },
};

/// This process has the signal handler.
static IS_ENDED_BY_SIGNAL: AtomicBool = AtomicBool::new(false);
/// The descriptor that is waited on; its complement, which is negative, if that wait has been ended; or nothing.
static WAITS_ON: AtomicI32 = AtomicI32::new(NOTHING);

const NOTHING: i32 = i32::MIN;

impl Child {
    /// From now on SIGURG ends this process's wait for its client, if it is in one ([`begin_wait`]) and nothing has arrived: the wait reads
    /// end-of-file. At other times the signal does nothing. It is one that does nothing by default, so it may also be sent to a child that
    /// hasn't come to this yet. System calls that it interrupts go on by themselves. If it was ignored it stays so, and this has no effect.
    ///
    /// ```
    /// use rustix::process::{Signal, WaitOptions, kill_process, waitpid};
    /// use socketserver_sys::{Fork, begin_wait, end_wait, fork};
    /// use std::{io::{Read, Write}, os::{fd::AsFd, unix::net::UnixStream}};
    ///
    /// let (mut client, mut connection) = UnixStream::pair()?;
    /// match fork()? {
    ///     Fork::Child(child) => {
    ///         child.end_waits_by_sigurg();
    ///         begin_wait(connection.as_fd());
    ///         let _ = connection.write_all(b"!");
    ///         let read = connection.read(&mut [0]);            // for what never comes
    ///         let was_ended = end_wait(connection.as_fd());
    ///         child.exit(if matches!(read, Ok(0)) && was_ended { 7 } else { 8 })
    ///     }
    ///     Fork::Parent(pid) => {
    ///         client.read_exact(&mut [0])?;
    ///         kill_process(pid, Signal::URG)?;
    ///         let (_, status) = waitpid(Some(pid), WaitOptions::empty())?.expect("not WNOHANG");
    ///         assert_eq!(status.exit_status(), Some(7));
    ///     }
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn end_waits_by_sigurg(&self) {
        WAITS_ON.store(NOTHING, SeqCst);
        IS_ENDED_BY_SIGNAL.store(true, Relaxed);
        terminate::set_handler(libc::SIGURG, on_sigurg);
    }
}

/// This process is about to wait for its client on this socket, until [`end_wait`]. Does nothing but in a child whose waits are
/// [ended by SIGURG](Child::end_waits_by_sigurg), and there only for one wait at a time.
#[inline]
pub fn begin_wait(socket: BorrowedFd<'_>) {
    if IS_ENDED_BY_SIGNAL.load(Relaxed) {
        let _ = WAITS_ON.compare_exchange(NOTHING, socket.as_raw_fd(), SeqCst, SeqCst); // others wait as ever
    }
}

/// The wait is over. True if it was ended by the signal.
#[inline]
pub fn end_wait(socket: BorrowedFd<'_>) -> bool {
    let waits_on = socket.as_raw_fd();
    IS_ENDED_BY_SIGNAL.load(Relaxed)
        && WAITS_ON.compare_exchange(waits_on, NOTHING, SeqCst, SeqCst).is_err()
        && WAITS_ON.compare_exchange(!waits_on, NOTHING, SeqCst, SeqCst).is_ok()
}

extern "C" fn on_sigurg(_signal: libc::c_int) {
    let waits_on = WAITS_ON.load(SeqCst);
    if waits_on < 0 {
        return;
    }
    // SAFETY: poll(2) and shutdown(2) are async-signal-safe, and touch no memory but the structure given. Whoever waits on the
    // descriptor says so before it is closed, so it is still that socket. The interrupted code keeps its errno: where it lives is this
    // thread's, and nobody else looks at it meanwhile.
    unsafe {
        let errno = terminate::errno_location();
        let before = *errno;
        let mut arrived = libc::pollfd { fd: waits_on, events: libc::POLLIN, revents: 0 };
        if libc::poll(&mut arrived, 1, 0) == 0
            && WAITS_ON.compare_exchange(waits_on, !waits_on, SeqCst, SeqCst).is_ok()
        {
            libc::shutdown(waits_on, libc::SHUT_RD);
        }
        *errno = before;
    }
}
