//! SIGINT and SIGTERM in a child: of one that has a loop of its own, and of one whose end is its parent's matter.

use crate::Child;
use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd},
    sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst},
};

static TERMINATED: AtomicBool = AtomicBool::new(false);
/// Where the signal handler writes to: a duplicate that is never closed, so that its number can't come to mean something else.
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// Whether this process is a child that has been told by SIGTERM to end, see [`Child::end_by_sigterm`].
pub fn was_terminated() -> bool {
    TERMINATED.load(SeqCst)
}

impl Child {
    /// For a child that serves until it is told to end. SIGTERM, from now on, writes the number 1 as eight bytes to `wake` (an
    /// eventfd, a pipe) and makes [`was_terminated`] true. SIGINT does nothing: a terminal sends it to parent and children alike, and
    /// it is the parent's to decide. Both interrupt system calls only where these go on by themselves. What was ignored stays
    /// ignored, and programs that are executed get the default.
    ///
    /// # Errors
    /// What dup(2) reports; the signals are as before then.
    ///
    /// ```
    /// use rustix::process::{Signal, WaitOptions, kill_process, waitpid};
    /// use socketserver_sys::{Fork, fork, was_terminated};
    /// use std::{io::{Read, Write}, os::fd::AsFd};
    ///
    /// let (mut parent, mut ready) = std::io::pipe()?;
    /// let (mut waiting, wake) = std::io::pipe()?;
    /// match fork()? {
    ///     Fork::Child(child) => {
    ///         let prepared = child.end_by_sigterm(wake.as_fd());
    ///         let _ = ready.write_all(b"!");
    ///         let _ = waiting.read_exact(&mut [0; 8]); // as a loop waits
    ///         child.exit(if prepared.is_ok() && was_terminated() { 7 } else { 8 })
    ///     }
    ///     Fork::Parent(pid) => {
    ///         parent.read_exact(&mut [0])?;
    ///         kill_process(pid, Signal::INT)?;
    ///         kill_process(pid, Signal::TERM)?;
    ///         let (_, status) = waitpid(Some(pid), WaitOptions::empty())?.expect("not WNOHANG");
    ///         assert_eq!(status.exit_status(), Some(7));
    ///     }
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn end_by_sigterm(&self, wake: BorrowedFd<'_>) -> io::Result<()> {
        // SAFETY: it makes a new descriptor, and touches no memory.
        let duplicate = unsafe { libc::fcntl(wake.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 0) };
        if duplicate < 0 {
            return Err(io::Error::last_os_error());
        }
        WAKE.store(duplicate, SeqCst);
        set_handler(libc::SIGTERM, on_sigterm);
        set_handler(libc::SIGINT, on_nothing);
        Ok(())
    }

    /// For a child of a program that ends in an orderly way by SIGINT and SIGTERM: from now on neither does anything here. A terminal sends the
    /// one and a supervisor the other to parent and children alike, and it is the parent's to decide how long a child may go on. They
    /// interrupt system calls only where these go on by themselves. What was ignored stays ignored, and programs that are executed get the default.
    ///
    /// ```
    /// use rustix::process::{Signal, WaitOptions, kill_process, waitpid};
    /// use socketserver_sys::{Fork, fork};
    /// use std::io::{Read, Write};
    ///
    /// let (mut parent, mut ready) = std::io::pipe()?;
    /// let (mut waiting, mut go) = std::io::pipe()?;
    /// match fork()? {
    ///     Fork::Child(child) => {
    ///         child.leave_end_to_parent();
    ///         child.restore_signals();                         // but for these
    ///         let _ = ready.write_all(b"!");
    ///         let _ = waiting.read_exact(&mut [0]);
    ///         child.exit(7)
    ///     }
    ///     Fork::Parent(pid) => {
    ///         parent.read_exact(&mut [0])?;
    ///         kill_process(pid, Signal::INT)?;
    ///         kill_process(pid, Signal::TERM)?;
    ///         go.write_all(b"!")?;
    ///         let (_, status) = waitpid(Some(pid), WaitOptions::empty())?.expect("not WNOHANG");
    ///         assert_eq!(status.exit_status(), Some(7));
    ///     }
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn leave_end_to_parent(&self) {
        set_handler(libc::SIGINT, on_nothing);
        set_handler(libc::SIGTERM, on_nothing);
    }
}

/// Whether this is what does nothing, as `sigaction` says it.
pub(crate) fn is_nothing(handler: usize) -> bool {
    handler == on_nothing as *const () as usize
}

extern "C" fn on_sigterm(_signal: libc::c_int) {
    TERMINATED.store(true, SeqCst);
    let one = 1_u64.to_ne_bytes();
    // SAFETY: write(2) is async-signal-safe and reads the eight bytes given. The interrupted code keeps its errno: where it
    // lives is this thread's, and nobody else looks at it meanwhile.
    unsafe {
        let errno = errno_location();
        let before = *errno;
        libc::write(WAKE.load(SeqCst), one.as_ptr().cast(), one.len());
        *errno = before;
    }
}

extern "C" fn on_nothing(_signal: libc::c_int) {}

/// The address of the calling thread's errno.
pub(crate) fn errno_location() -> *mut libc::c_int {
    // SAFETY: these take nothing, and give an address that is valid for as long as the calling thread lives.
    unsafe {
        #[cfg(target_os = "linux")]
        return libc::__errno_location();
        #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
        return libc::__errno();
        #[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "dragonfly"))]
        return libc::__error();
    }
}

/// Handles a signal, unless it is ignored.
pub(crate) fn set_handler(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    // SAFETY: a zeroed sigaction is a valid value: an empty mask, no flags. sigaction(2) reads and writes just these two. The
    // handlers do nothing that isn't async-signal-safe.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(signal, std::ptr::null(), &mut now) == 0 && now.sa_sigaction != libc::SIG_IGN {
            let mut new: libc::sigaction = std::mem::zeroed();
            new.sa_sigaction = handler as *const () as usize;
            new.sa_flags = libc::SA_RESTART;
            libc::sigaction(signal, &new, std::ptr::null_mut());
        }
    }
}
