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
    was_left: bool,
}

impl Lock {
    /// Whether the file of an exclusive lock was there already: whoever had it was perhaps killed.
    #[must_use]
    pub const fn was_left(&self) -> bool {
        self.was_left
    }

    pub(super) fn take(path: PathBuf, access: Access, limit: Duration) -> Result<Self, CacheError> {
        let start = Instant::now();
        loop {
            match attempt(&path, access) {
                Ok(Some((file, was_left))) => return Ok(Self { file, path, access, was_left }),
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

/// The lock, if nobody has it, and whether its file was there already.
fn attempt(path: &Path, access: Access) -> io::Result<Option<(File, bool)>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    // A shared lock's file is nearly always there.
    let there = match access {
        Access::Shared => options.open(path).ok(),
        Access::Exclusive => None,
    };
    let (file, was_there) = match there.map_or_else(|| options.clone().create_new(true).open(path), Ok) {
        Ok(file) => (file, false),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            (options.create(true).truncate(false).open(path)?, true)
        }
        Err(error) => return Err(error),
    };
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
        Ok(named) if (named.dev(), named.ino()) == (held.dev(), held.ino()) => Ok(Some((file, was_there))),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
