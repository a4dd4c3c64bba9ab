//! Locks on files (flock(2)), which end with the process that holds them.
#![expect(clippy::disallowed_methods, reason = "a lock is a file; the feature `store` says so")]

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FlockOperation, Timespec, Timestamps, UTIME_NOW, flock, futimens};
use rustix::io::Errno;

use super::StoreError;

/// Takes a shared lock, waiting for it; `None` when the file is not there or is gone by then.
pub(super) fn shared(path: &Path) -> Result<Option<File>, StoreError> {
    take(path, FlockOperation::LockShared)
}

/// Takes an exclusive lock, waiting for it; `None` when the file is not there or is gone by then.
pub(super) fn exclusive(path: &Path) -> Result<Option<File>, StoreError> {
    take(path, FlockOperation::LockExclusive)
}

/// Takes an exclusive lock if nobody has one; `None` when somebody has, or the file is not there.
pub(super) fn try_exclusive(path: &Path) -> Result<Option<File>, StoreError> {
    take(path, FlockOperation::NonBlockingLockExclusive)
}

/// Whether an open file is still the one at that path.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Sets the time of a file to now, by the kernel's clock. It needs no free space.
pub(super) fn touch(file: &File) -> Result<(), Errno> {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    futimens(file, &Timestamps { last_access: now, last_modification: now })
}

fn take(path: &Path, operation: FlockOperation) -> Result<Option<File>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound) => return Ok(None),
        Err(error) => return Err(StoreError::io("open the lock", path, error)),
    };
    loop {
        match flock(&file, operation) {
            Ok(()) => break,
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(StoreError::io("lock", path, error)),
        }
    }
    // Whoever removed the file held the lock while we waited.
    Ok(is_at(&file, path).then_some(file))
}
