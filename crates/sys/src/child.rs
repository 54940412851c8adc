//! fork(2) and _exit(2).

use crate::terminate;
use rustix::process::Pid;
use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

/// Which side of a [`fork`] the caller is on.
#[derive(Debug)]
pub enum Fork {
    /// The process that called; it has a child with this id now, and must wait for it some day.
    Parent(Pid),
    /// The new process, with one thread: the one that called.
    Child(Child),
}

/// The right, and the duty, to be a forked child: it ends in [`exit`](Child::exit), and never returns to the code that its
/// parent is still running. Dropping it, as a panic would, ends the process with status 1.
#[derive(Debug)]
#[must_use = "a child that is dropped exits at once with status 1"]
pub struct Child(());

/// Forks the process, as `os.fork()` does.
///
/// In the child only the calling thread lives on. A lock that another thread held at that moment stays locked there for
/// ever, so the child should do what it was made for and leave.
///
/// # Errors
/// What fork(2) reports: `EAGAIN` at a limit of processes, `ENOMEM`.
///
/// ```
/// use rustix::process::{WaitOptions, waitpid};
/// use socketserver_sys::{Fork, fork};
///
/// match fork()? {
///     Fork::Child(child) => child.exit(7),
///     Fork::Parent(pid) => {
///         let (_, status) = waitpid(Some(pid), WaitOptions::empty())?.expect("not WNOHANG");
///         assert_eq!(status.exit_status(), Some(7));
///     }
/// }
/// # std::io::Result::Ok(())
/// ```
pub fn fork() -> io::Result<Fork> {
    // SAFETY: fork has no memory-safety precondition in the parent. In the child, memory is a copy of the parent's, glibc's
    // and musl's allocators are made usable by their atfork handlers, and Rust code sees nothing but the disappearance of
    // the other threads, which is the same as if they were never scheduled again.
    match unsafe { libc::fork() } {
        0 => Ok(Fork::Child(Child(()))),
        pid if pid > 0 => Ok(Fork::Parent(Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidData)?)),
        _ => Err(io::Error::last_os_error()),
    }
}

impl Child {
    /// Ends the process at once with `status`, as `os._exit()` does: no destructors, no exit handlers, no flushing.
    pub fn exit(self, status: i32) -> ! {
        exit_now(status)
    }

    /// Lets SIGINT, SIGTERM, SIGHUP and SIGQUIT end the child, if the program handled them: its handlers speak to threads that
    /// aren't here. What was ignored stays ignored, and what was [left to the parent](Self::leave_end_to_parent) is.
    pub fn restore_signals(&self) {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
            // SAFETY: a zeroed sigaction is a valid value to be overwritten, and one that says SIG_DFL with an empty mask.
            // sigaction(2) reads and writes just these two. Setting a signal to its default runs no code of ours.
            unsafe {
                let mut now: libc::sigaction = std::mem::zeroed();
                if libc::sigaction(signal, std::ptr::null(), &mut now) == 0
                    && ![libc::SIG_IGN, libc::SIG_DFL].contains(&now.sa_sigaction)
                    && !terminate::is_nothing(now.sa_sigaction)
                {
                    let mut default: libc::sigaction = std::mem::zeroed();
                    default.sa_sigaction = libc::SIG_DFL;
                    libc::sigaction(signal, &default, std::ptr::null_mut());
                }
            }
        }
    }

    /// Closes a descriptor of an object that was inherited from the parent, such as the listening socket of its server.
    /// The object itself stays, since its owner is code of the parent to which a child never returns; it must not be used
    /// in the child any more.
    pub fn close_inherited(&self, descriptor: BorrowedFd<'_>) {
        // SAFETY: close touches no memory. The owner's destructor never runs in this process (a `Child` ends in _exit on
        // every path), so the number isn't closed a second time.
        unsafe { libc::close(descriptor.as_raw_fd()) };
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        exit_now(1)
    }
}

fn exit_now(status: i32) -> ! {
    // SAFETY: _exit never returns and runs no code of this process.
    unsafe { libc::_exit(status) }
}
