//! The file of a bound Unix socket: a stale one is replaced, ours is removed.

use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
    process,
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
    pub(crate) fn bind(socket: &Socket, address: &SockAddr, path: &Path, kind: Type) -> io::Result<Self> {
        match socket.bind(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(path, address, kind) => {
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
fn is_stale(path: &Path, address: &SockAddr, kind: Type) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let refused = || {
        let probe = Socket::new(Domain::UNIX, kind, None)?;
        probe.set_nonblocking(true)?; // a living server with a full backlog must not make us wait
        probe.connect(address)
    };
    is_socket && refused().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
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
