//! Memory that processes share.

use std::{
    fmt, io,
    ops::{Deref, Range},
    ptr::NonNull,
    slice,
    sync::{Arc, atomic::AtomicU64},
};

/// Words of memory, zero at first, that this process shares with the children it forks while they exist. What a child writes
/// is seen by its parent, even if the child is killed in between.
///
/// ```
/// use rustix::process::{WaitOptions, waitpid};
/// use socketserver_sys::{Fork, SharedWords, fork};
/// use std::sync::atomic::Ordering::SeqCst;
///
/// let words = SharedWords::new(2)?;
/// match fork()? {
///     Fork::Child(child) => {
///         words[1].store(42, SeqCst);
///         child.exit(0)
///     }
///     Fork::Parent(pid) => drop(waitpid(Some(pid), WaitOptions::empty())),
/// }
/// assert_eq!((words[0].load(SeqCst), words[1].load(SeqCst)), (0, 42));
/// # std::io::Result::Ok(())
/// ```
pub struct SharedWords {
    start: NonNull<AtomicU64>,
    length: usize,
}

// SAFETY: it owns the mapping, and gives out nothing but shared references to atomics.
unsafe impl Send for SharedWords {}
// SAFETY: as above.
unsafe impl Sync for SharedWords {}

impl SharedWords {
    /// So many words, at least one; they take a page of memory at least.
    ///
    /// # Errors
    /// What mmap(2) reports, such as `ENOMEM`.
    pub fn new(words: usize) -> io::Result<Self> {
        let length = words.max(1);
        let bytes = length.checked_mul(size_of::<AtomicU64>()).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: a new anonymous mapping, at an address of the system's choice, touches no existing memory.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(SharedWords { start, length })
    }
}

impl Deref for SharedWords {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is as long as `self`, page-aligned and zeroed, which is a valid value of atomics. All processes
        // that have it use it by atomics only.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl Drop for SharedWords {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference to it outlives `self`. Other processes keep theirs.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length * size_of::<AtomicU64>()) };
    }
}

impl fmt::Debug for SharedWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Some of the [`SharedWords`]: what one child is given of them. All of the memory stays while a part of it is in use.
///
/// ```
/// use socketserver_sys::{SharedPart, SharedWords};
/// use std::sync::{Arc, atomic::Ordering::SeqCst};
///
/// let words = Arc::new(SharedWords::new(8)?);
/// let part = SharedPart::new(&words, 2..5);
/// part[0].store(42, SeqCst);
/// assert_eq!((part.len(), words[2].load(SeqCst)), (3, 42));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct SharedPart {
    words: Arc<SharedWords>,
    range: Range<usize>,
}

impl SharedPart {
    /// Those at `range`.
    ///
    /// # Panics
    /// If there are no such words.
    pub fn new(words: &Arc<SharedWords>, range: Range<usize>) -> Self {
        assert!(words.get(range.clone()).is_some(), "there are {} words, not {range:?}", words.len());
        SharedPart { words: words.clone(), range }
    }
}

impl Deref for SharedPart {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        &self.words[self.range.clone()]
    }
}

impl fmt::Debug for SharedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
