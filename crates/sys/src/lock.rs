//! A lock that may be held while the process forks.

use crate::sync::ForkMutexGuard;
#[cfg(loom)]
use loom::sync::Mutex;
#[cfg(not(loom))]
use std::sync::Mutex;
use std::{
    fmt,
    sync::{PoisonError, TryLockError},
};

/// A mutex for what is used on both sides of a [`fork`](crate::fork): the thread that forks holds it meanwhile, so that the
/// child's copy is not held by a thread which the child doesn't have.
///
/// With a mutex that at times is handed over to one of those who wait for it, as parking_lot's is, that isn't enough: the child
/// would hand its copy to a thread of its parent, and nobody would ever unlock it. This one is just unlocked. Nor is it
/// poisoned by a panic of its holder.
///
/// ```
/// use rustix::process::{WaitOptions, waitpid};
/// use socketserver_sys::{Fork, ForkMutex, fork};
///
/// let count = ForkMutex::new(1);
/// let mut held = count.lock();
/// *held += 1;
/// match fork()? {
///     Fork::Child(child) => {
///         drop(held);
///         let count = *count.lock();
///         child.exit(count)
///     }
///     Fork::Parent(pid) => {
///         let (_, status) = waitpid(Some(pid), WaitOptions::empty())?.expect("not WNOHANG");
///         assert_eq!(status.exit_status(), Some(2));
///     }
/// }
/// # std::io::Result::Ok(())
/// ```
#[derive(Default)]
pub struct ForkMutex<T>(Mutex<T>);

impl<T> ForkMutex<T> {
    /// Unlocked, around `value`.
    pub fn new(value: T) -> Self {
        ForkMutex(Mutex::new(value))
    }

    /// Takes it if nobody holds it.
    pub fn try_lock(&self) -> Option<ForkMutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Waits until nobody else holds it.
    pub fn lock(&self) -> ForkMutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: fmt::Debug> fmt::Debug for ForkMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
