//! Locks between processes.
#![expect(clippy::disallowed_methods, reason = "the feature `exec` is where processes, files and clocks are")]

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::error::{CacheError, Doing};

/// How often a lock is tried.
const PAUSE: Duration = Duration::from_millis(5);

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Beside others that share it.
    Shared,
    /// Alone.
    Exclusive,
}

/// A lock that is held until this is dropped, or the process ends.
///
/// The file of an exclusive lock goes with it, so that no container leaves one behind.
#[derive(Debug)]
#[must_use]
pub struct Lock {
    file: File,
    path: PathBuf,
    access: Access,
}

impl Lock {
    pub(super) fn take(path: PathBuf, access: Access, limit: Duration) -> Result<Self, CacheError> {
        let start = Instant::now();
        loop {
            match attempt(&path, access) {
                Ok(Some(file)) => return Ok(Self { file, path, access }),
                Ok(None) if start.elapsed() >= limit => return Err(CacheError::busy(&path, limit)),
                Ok(None) => std::thread::sleep(PAUSE),
                Err(source) => return Err(CacheError::io(Doing::Lock, &path, source)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.access == Access::Exclusive {
            // While it is held: whoever opened the same file meanwhile sees that it is gone, and opens the new one.
            let _ = fs::remove_file(&self.path);
        }
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// The lock, if nobody has it.
fn attempt(path: &Path, access: Access) -> io::Result<Option<File>> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let operation = match access {
        Access::Shared => FlockOperation::NonBlockingLockShared,
        Access::Exclusive => FlockOperation::NonBlockingLockExclusive,
    };
    match flock(&file, operation) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) if (named.dev(), named.ino()) == (held.dev(), held.ino()) => Ok(Some(file)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
