//! As loom sees it. Locks are loom's. Descriptors are real, but nobody waits in the system, where loom couldn't see it: who would
//! looks, and then waits in the model for the next [`waking_call`]. Time limits never pass, so that somebody whom nobody wakes is found.

pub use loom;

use loom::sync::{self as model, atomic};
use std::{
    ops::{Deref, DerefMut},
    sync::atomic::Ordering::{self, AcqRel, Acquire, Release, SeqCst},
    time::{Duration, Instant},
};

/// In place of parking_lot's.
#[derive(Debug, Default)]
pub struct Mutex<T>(model::Mutex<T>);

/// In place of parking_lot's. `None` only inside of [`Condvar::wait`].
#[derive(Debug)]
pub struct MutexGuard<'a, T>(Option<model::MutexGuard<'a, T>>, &'a Mutex<T>);

/// In place of parking_lot's.
#[derive(Debug, Default)]
pub struct Condvar(model::Condvar);

/// In place of the standard library's, for a [`ForkMutex`](crate::ForkMutex).
#[derive(Debug, Default)]
pub struct ForkCondvar(model::Condvar);

/// In place of the standard library's.
pub type ForkMutexGuard<'a, T> = model::MutexGuard<'a, T>;

/// Shorter waits come to their end.
const TICK: Duration = Duration::from_millis(100);

/// How a wait with a time limit ended.
#[derive(Debug)]
pub struct Waited;

impl Waited {
    /// Never.
    pub fn timed_out(&self) -> bool {
        false
    }
}

impl<T> Mutex<T> {
    /// Unlocked, around `value`.
    pub fn new(value: T) -> Self {
        Mutex(model::Mutex::new(value))
    }

    /// Waits until nobody else holds it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().expect("models don't go on after a panic")), self)
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_ref().expect("it isn't waited with")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("it isn't waited with")
    }
}

impl Condvar {
    /// One that nobody waits for.
    pub fn new() -> Self {
        Condvar::default()
    }

    /// Waits to be notified.
    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.0.take().expect("one wait at a time");
        guard.0 = Some(self.0.wait(held).expect("models don't go on after a panic"));
    }

    /// The same: the time doesn't come.
    pub fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _: Instant) -> Waited {
        self.wait(guard);
        Waited
    }

    /// The same: the time doesn't pass, unless it is so short that somebody relies on it. Then it passes when nobody else can go on.
    pub fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, time: Duration) -> Waited {
        if time >= TICK {
            self.wait(guard);
            return Waited;
        }
        let lock = guard.1;
        guard.0 = None;
        loom::thread::yield_now();
        guard.0 = Some(lock.0.lock().expect("models don't go on after a panic"));
        Waited
    }

    /// Ends one wait.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Ends all waits.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

impl ForkCondvar {
    /// Waits while that is so: the time doesn't pass.
    ///
    /// # Errors
    /// None; the type is the standard library's.
    pub fn wait_timeout_while<'a, T>(
        &self,
        mut guard: ForkMutexGuard<'a, T>,
        _: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> std::sync::LockResult<(ForkMutexGuard<'a, T>, Waited)> {
        while condition(&mut guard) {
            guard = self.0.wait(guard).expect("models don't go on after a panic");
        }
        Ok((guard, Waited))
    }

    /// Ends all waits.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// A number that threads share. loom takes `SeqCst` for acquire and release, and would find faults that there aren't; so what is
/// asked for so strictly reads, and replaces, what was written last.
macro_rules! atomic {
    ($name:ident, $value:ty, $change_nothing:ident, $by:expr) => {
        /// In place of the standard library's.
        #[derive(Debug, Default)]
        pub struct $name(atomic::$name);

        impl $name {
            /// With this value.
            pub fn new(value: $value) -> Self {
                $name(atomic::$name::new(value))
            }
            /// See the standard library.
            pub fn load(&self, order: Ordering) -> $value {
                if order == SeqCst { self.0.$change_nothing($by, Acquire) } else { self.0.load(order) }
            }
            /// See the standard library.
            pub fn store(&self, value: $value, order: Ordering) {
                match order {
                    SeqCst => _ = self.0.swap(value, Release),
                    order => self.0.store(value, order),
                }
            }
            /// See the standard library.
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                self.0.swap(value, order)
            }
            /// See the standard library.
            #[allow(clippy::missing_errors_doc)] // there, too
            pub fn compare_exchange(
                &self,
                from: $value,
                to: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.0.compare_exchange(from, to, success, failure)
            }
            /// See the standard library.
            #[allow(clippy::missing_errors_doc)] // there, too
            pub fn try_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                loop {
                    let now = self.load(fetch);
                    let Some(next) = change(now) else { return Err(now) };
                    if self.0.compare_exchange(now, next, set, fetch).is_ok() {
                        return Ok(now);
                    }
                }
            }
        }
    };
}

atomic!(AtomicBool, bool, fetch_or, false);
atomic!(AtomicU8, u8, fetch_add, 0);
atomic!(AtomicU64, u64, fetch_add, 0);
atomic!(AtomicUsize, usize, fetch_add, 0);

impl AtomicU64 {
    /// See the standard library.
    pub fn fetch_sub(&self, by: u64, _: Ordering) -> u64 {
        self.0.fetch_sub(by, AcqRel)
    }
}

impl AtomicUsize {
    /// See the standard library.
    pub fn fetch_add(&self, by: usize, _: Ordering) -> usize {
        self.0.fetch_add(by, AcqRel)
    }
    /// See the standard library.
    pub fn fetch_sub(&self, by: usize, _: Ordering) -> usize {
        self.0.fetch_sub(by, AcqRel)
    }
}

/// What makes a system call a point in the order of things.
#[derive(Default)]
struct Kernel {
    lock: model::Mutex<()>,
    changed: model::Condvar,
}

loom::lazy_static! {
    static ref KERNEL: Kernel = Kernel::default();
    static ref ACCESSES: atomic::AtomicUsize = atomic::AtomicUsize::new(0);
}

/// A use of numbers that aren't from here, such as those of shared memory: loom learns that it is one, and tries it before and after
/// those of other threads.
pub fn access<R>(access: impl FnOnce() -> R) -> R {
    ACCESSES.fetch_add(1, AcqRel);
    access()
}

/// A system call about a descriptor that other threads use too.
pub fn call<R>(call: impl FnOnce() -> R) -> R {
    let _held = KERNEL.lock.lock();
    call()
}

/// A system call that may end the wait of another thread.
pub fn waking_call<R>(call: impl FnOnce() -> R) -> R {
    let _held = KERNEL.lock.lock();
    let result = call();
    KERNEL.changed.notify_all();
    result
}

/// A system call that waits: `look` makes it without waiting, and says what came of it if there was something.
pub fn waiting_call<R>(mut look: impl FnMut() -> Option<R>) -> R {
    let mut held = KERNEL.lock.lock().expect("models don't go on after a panic");
    loop {
        if let Some(result) = look() {
            return result;
        }
        held = KERNEL.changed.wait(held).expect("models don't go on after a panic");
    }
}

/// In place of the standard library's; loom's doesn't know of constants.
#[macro_export]
macro_rules! modelled_thread_local {
    ($($(#[$meta:meta])* $vis:vis static $name:ident: $type:ty = const $init:block;)*) => {
        $crate::sync::loom::thread_local! { $($(#[$meta])* $vis static $name: $type = $init;)* }
    };
}

pub use modelled_thread_local as thread_local;
