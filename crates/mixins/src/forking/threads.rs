//! How many threads this process has.

/// As CPython counts them before it warns of a fork; 1 where it can't be found out.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn count() -> usize {
    use std::os::unix::fs::MetadataExt;
    // A directory for each thread, and each counts as a link: cheaper than reading /proc/self/stat.
    let links = std::fs::metadata("/proc/self/task").map_or(3, |task| task.nlink());
    usize::try_from(links).unwrap_or(3).saturating_sub(2)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn count() -> usize {
    1
}
