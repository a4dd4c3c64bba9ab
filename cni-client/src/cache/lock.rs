//! Locks between processes.
//!
//! Containers and networks come and go, and to make and remove a file for each would take longer than all the rest: they share a
//! fixed number of files, each made when it is first needed, so that two of them may have to wait for each other without need.
//! Whoever holds a container's lock writes the container's name into it; a name that is there when nobody holds the lock is that of
//! a container whose last client was killed.
#![expect(clippy::disallowed_methods, reason = "the feature `exec` is where processes, files and clocks are")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use crate::exec::Cancel;
use crate::name::ContainerId;

use super::error::{CacheError, Doing};

/// How often a lock is tried.
const PAUSE: Duration = Duration::from_millis(5);

/// How many files the containers share.
pub(super) const CONTAINERS: u64 = 64;

/// How many files the networks share.
pub(super) const NETWORKS: u64 = 16;

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Beside others that share it.
    Shared,
    /// Alone.
    Exclusive,
}

/// How long somebody waits for a lock.
#[derive(Debug, Clone, Copy)]
pub struct Patience<'a> {
    limit: Duration,
    cancel: Option<&'a Cancel>,
}

impl<'a> Patience<'a> {
    /// At most this long.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { limit, cancel: None }
    }

    /// And no longer than until this is thrown.
    #[must_use]
    pub const fn with_cancel(mut self, cancel: &'a Cancel) -> Self {
        self.cancel = Some(cancel);
        self
    }
}

impl From<Duration> for Patience<'_> {
    fn from(limit: Duration) -> Self {
        Self::new(limit)
    }
}

/// A lock that is held until this is dropped, or the process ends.
#[derive(Debug)]
#[must_use]
pub struct Lock {
    file: File,
    holds: Holds,
}

#[derive(Debug)]
enum Holds {
    Network,
    /// A container, and the one that was left.
    Container {
        left: Option<ContainerId>,
    },
}

impl Lock {
    pub(super) fn of_network(
        path: &Path,
        access: Access,
        patience: Patience<'_>,
    ) -> Result<Self, CacheError> {
        let file = held(path, access, patience)?;
        Ok(Self { file, holds: Holds::Network })
    }

    pub(super) fn of_container(
        path: &Path,
        container: &ContainerId,
        patience: Patience<'_>,
    ) -> Result<Self, CacheError> {
        let error = |source| CacheError::io(Doing::Lock, path, source);
        let file = held(path, Access::Exclusive, patience)?;
        let left = read_name(&file).map_err(error)?;
        file.write_all_at(format!("{container}\n").as_bytes(), 0).map_err(error)?;
        Ok(Self { file, holds: Holds::Container { left } })
    }

    /// The container on which a client worked that was killed before it came to an end. One of its plugins may go on.
    #[must_use]
    pub const fn left(&self) -> Option<&ContainerId> {
        match &self.holds {
            Holds::Container { left: Some(left) } => Some(left),
            _ => None,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if matches!(self.holds, Holds::Container { .. }) {
            // A name that stays does no more harm than to have somebody looked for who is not there.
            let _ = self.file.write_all_at(
                b"
", 0,
            );
        }
        // A process that is just being started may have a copy of the file for a moment.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// A file whose lock is held: it is tried until it works.
fn held(path: &Path, access: Access, patience: Patience<'_>) -> Result<File, CacheError> {
    let error = |source| CacheError::io(Doing::Lock, path, source);
    let file = open(path).map_err(error)?;
    let start = Instant::now();
    while !take(&file, access).map_err(error)? {
        if start.elapsed() >= patience.limit {
            return Err(CacheError::busy(path, patience.limit));
        }
        if patience.cancel.is_some_and(Cancel::is_cancelled) {
            return Err(CacheError::cancelled(path));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(file)
}

/// Whether the lock on an open file could be had.
fn take(file: &File, access: Access) -> io::Result<bool> {
    let operation = match access {
        Access::Shared => FlockOperation::NonBlockingLockShared,
        Access::Exclusive => FlockOperation::NonBlockingLockExclusive,
    };
    match flock(file, operation) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The name in a container's lock.
fn read_name(file: &File) -> io::Result<Option<ContainerId>> {
    let mut buffer = [0; 4096];
    let length = file.read_at(&mut buffer, 0)?;
    let line = buffer.get(..length).unwrap_or_default().split(|byte| *byte == b'\n').next();
    Ok(line.and_then(|line| std::str::from_utf8(line).ok()?.parse().ok()))
}

/// Which of so many shared files is that of a name (FNV-1a).
pub(super) fn stripe(name: &str, of: u64) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The lower bits of the hash depend on the lower bits of the bytes alone.
    (hash ^ (hash >> 32)) % of
}
