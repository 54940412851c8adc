//! The file of a bound Unix socket: a stale one is replaced, ours is removed.

use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

/// Removes the file when it is dropped, if it is still the one that was made here, by the process that made it.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
    made_by: u32,
}

impl SocketFile {
    /// Binds `socket` to `path`. If a socket file is there on which nobody listens, it is removed first.
    pub(crate) fn bind(socket: &Socket, address: &SockAddr, path: &Path) -> io::Result<Self> {
        let _turn = Turn::take(path);
        match socket.bind(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(path, address) => {
                fs::remove_file(path)?;
                socket.bind(address)?;
            }
            bound => bound?,
        }
        // Another working directory must not change which file is meant.
        let path = fs::canonicalize(path)?;
        let found = fs::symlink_metadata(&path)?;
        Ok(SocketFile { path, device: found.dev(), inode: found.ino(), made_by: process::id() })
    }
}

/// A socket file counts as stale only if connecting to it is refused. Any other outcome, a timeout or lack of permission
/// say, may hide a living server.
///
/// A stream would be refused too by a server that is bound and doesn't listen yet, and would be a client to one that listens.
/// A datagram socket is neither: a socket of another type that is alive answers "wrong type".
fn is_stale(path: &Path, address: &SockAddr) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let probe = || Socket::new(Domain::UNIX, Type::DGRAM, None)?.connect(address);
    is_socket && probe().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// A lock on the folder. Of two servers that start on the same stale file at the same time, the second must not take the first
/// one's new file for the stale one. Where the lock can't be had, or somebody keeps it, things go on without.
struct Turn(File);

impl Turn {
    fn take(path: &Path) -> Option<Turn> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).ok()?;
        for _ in 0..100 {
            match folder.try_lock() {
                Ok(()) => return Some(Turn(folder)),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
                Err(TryLockError::Error(_)) => return None,
            }
        }
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = self.0.unlock(); // closing isn't enough if a child was forked meanwhile
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = self.made_by == process::id()
            && fs::symlink_metadata(&self.path)
                .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if is_ours {
            let _ = fs::remove_file(&self.path); // somebody may have been faster
        }
    }
}
