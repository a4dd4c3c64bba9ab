//! A directory in which something is made until it is whole.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::removal::remove_all;
use super::{Store, StoreError, lock, sync_directory};

/// A directory in `work`. It goes away with this value, unless it was published; if the process is killed, its lock ends and
/// gc takes it.
pub(super) struct Workspace {
    directory: PathBuf,
    /// Beside the directory, made before it and removed after it.
    lock: tempfile::NamedTempFile,
}

impl Workspace {
    pub(super) fn new(store: &Store) -> Result<Self, StoreError> {
        let work = store.work();
        loop {
            let lock = tempfile::Builder::new()
                .suffix(".lock")
                .tempfile_in(&work)
                .map_err(|error| StoreError::io("make a lock in", &work, error))?;
            flock(lock.as_file(), FlockOperation::LockExclusive)
                .map_err(|error| StoreError::io("lock", lock.path(), error))?;
            // Until it was locked, a gc could take it for a dead one.
            if !lock::is_at(lock.as_file(), lock.path()) {
                continue;
            }
            let directory = lock.path().with_extension("d");
            fs::create_dir(&directory)
                .map_err(|error| StoreError::io("make the directory", &directory, error))?;
            return Ok(Self { directory, lock });
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.directory
    }

    /// Moves the directory to where everybody sees it, for good. `false` when something is there already.
    pub(super) fn publish(&self, target: &Path) -> Result<bool, StoreError> {
        sync_directory(&self.directory)?;
        match fs::rename(&self.directory, target) {
            Ok(()) => {
                if let Some(parent) = target.parent() {
                    sync_directory(parent)?;
                }
                Ok(true)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::DirectoryNotEmpty
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::io("move the finished directory to", target, error)),
        }
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What cannot be removed here is left to gc; the lock file goes after this, by its own drop.
        let _ = remove_all(&self.directory);
        let _ = &self.lock;
    }
}

/// Removes the directories of makers that are no more; returns how many there were.
pub(super) fn sweep(store: &Store) -> Result<usize, StoreError> {
    let work = store.work();
    let mut swept = 0;
    for name in super::names(&work)? {
        let path = work.join(&name);
        let (directory, lock_path) = match name.strip_suffix(".lock") {
            Some(stem) => (work.join(format!("{stem}.d")), path),
            // Its lock comes first where there is one, and takes it along. Without one, only a crash of the machine can have
            // left it, so nobody is making it.
            None => {
                let lock_path = path.with_extension("lock");
                if !lock_path.exists() && path.exists() {
                    remove_all(&path).map_err(|error| StoreError::io("remove", &path, error))?;
                    swept += 1;
                }
                continue;
            }
        };
        if let Some(_held) = lock::try_exclusive(&lock_path)? {
            remove_all(&directory).map_err(|error| StoreError::io("remove", &directory, error))?;
            fs::remove_file(&lock_path).map_err(|error| StoreError::io("remove", &lock_path, error))?;
            swept += 1;
        }
    }
    Ok(swept)
}
