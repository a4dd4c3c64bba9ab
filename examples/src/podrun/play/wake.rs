//! Being woken when objects change.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::store::Store;

/// Tells when objects have changed since the last time that it was asked.
#[derive(Debug)]
pub(super) struct Wake {
    fd: OwnedFd,
}

impl Wake {
    /// From this moment on.
    pub(super) fn new(store: &Store) -> anyhow::Result<Self> {
        let watch = || {
            let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            inotify::add_watch(&fd, store.wake_file(), WatchFlags::MODIFY)?;
            Ok::<_, Errno>(fd)
        };
        let fd = watch().with_context(|| format!("cannot watch `{}`", store.wake_file().display()))?;
        Ok(Self { fd })
    }

    /// Waits until something has changed, or the time is over; `false` is the latter.
    pub(super) fn wait(&mut self, limit: Option<Duration>) -> anyhow::Result<bool> {
        let limit = limit.map(|limit| Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: limit.subsec_nanos().into(),
        });
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        match poll(&mut fds, limit.as_ref()) {
            Ok(0) | Err(Errno::INTR) => return Ok(false),
            polled => polled.context("cannot wait for changes")?,
        };
        self.clear();
        Ok(true)
    }

    /// Forgets what was told.
    fn clear(&mut self) {
        let mut buffer = [MaybeUninit::uninit(); 1024];
        let mut reader = Reader::new(&self.fd, &mut buffer);
        while reader.next().is_ok() {}
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
