//! As it is.

pub use std::sync::{
    Condvar as ForkCondvar, MutexGuard as ForkMutexGuard,
    atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize},
};

/// A use of numbers that aren't from here, such as those of shared memory.
#[inline(always)]
pub fn access<R>(access: impl FnOnce() -> R) -> R {
    access()
}

/// A system call about a descriptor that other threads use too.
#[inline(always)]
pub fn call<R>(call: impl FnOnce() -> R) -> R {
    call()
}

/// A system call that may end the wait of another thread.
#[inline(always)]
pub fn waking_call<R>(call: impl FnOnce() -> R) -> R {
    call()
}
