//! The lock on a pod directory: flock(2) on the directory itself.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, open, stat};
use rustix::io::Errno;

use crate::error::{Doing, Error};

/// A directory of ours, opened and held by an exclusive lock until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    fd: OwnedFd,
}

/// How an attempt to lock went.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It is ours.
    Locked(Lock),
    /// Another process owns it.
    Busy,
    /// The directory is not there, or was moved away meanwhile.
    Gone,
}

impl Lock {
    /// Takes the lock of a directory unless another process owns it.
    ///
    /// A reader that probes holds a shared lock for a moment; that is waited out, and not taken for an owner.
    pub(crate) fn attempt(path: &Path) -> Result<Attempt, Error> {
        let Some(fd) = open_dir(path)? else { return Ok(Attempt::Gone) };
        loop {
            match flock(&fd, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => match flock(&fd, FlockOperation::NonBlockingLockShared) {
                    // Only readers are there. Converting drops our shared lock first, so the next try starts afresh.
                    Ok(()) => std::thread::yield_now(),
                    Err(Errno::INTR) => {}
                    Err(Errno::WOULDBLOCK) => return Ok(Attempt::Busy),
                    Err(error) => return Err(Error::io("probe the lock of", path, error)),
                },
                Err(error) => return Err(Error::io("lock", path, error)),
            }
        }
        // It may have been moved between open and lock: then we hold the lock of something else.
        Ok(if is_same(&fd, path)? { Attempt::Locked(Self { fd }) } else { Attempt::Gone })
    }

    /// The lock that a descriptor has, which another process has opened; `None` when it is not of that directory.
    pub(crate) fn adopt(fd: &OwnedFd, path: &Path) -> Result<Option<Self>, Error> {
        let fd = fd.try_clone().doing("take over the lock of", path)?;
        if !is_same(&fd, path)? {
            return Ok(None);
        }
        // Of the same opening, so this changes nothing unless it was not locked at all.
        match flock(&fd, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { fd })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(Error::io("lock", path, error)),
        }
    }

    /// The open directory.
    pub(crate) const fn fd(&self) -> &OwnedFd {
        &self.fd
    }
}

/// Whether another process owns the directory; `None` when it is not there.
pub(crate) fn is_locked(path: &Path) -> Result<Option<bool>, Error> {
    let Some(fd) = open_dir(path)? else { return Ok(None) };
    loop {
        match flock(&fd, FlockOperation::NonBlockingLockShared) {
            Ok(()) => return Ok(Some(false)),
            Err(Errno::WOULDBLOCK) => return Ok(Some(true)),
            Err(Errno::INTR) => {}
            Err(error) => return Err(Error::io("probe the lock of", path, error)),
        }
    }
}

fn open_dir(path: &Path) -> Result<Option<OwnedFd>, Error> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match open(path, flags, Mode::empty()) {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(Error::io("open", path, error)),
    }
}

fn is_same(fd: &OwnedFd, path: &Path) -> Result<bool, Error> {
    let held = fstat(fd).doing("examine", path)?;
    match stat(path) {
        Ok(there) => Ok((held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(Error::io("examine", path, error)),
    }
}
