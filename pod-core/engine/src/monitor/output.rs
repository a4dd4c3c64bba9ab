//! The standard streams of a process: made for it, read from it without waiting, never more than a pipe's worth kept.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, fcntl_setfl};
use rustix::io::{Errno, ioctl_fionread, read};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};

use crate::error::{Doing, Error};

/// How much is read from one stream before others have their turn.
const TURN: usize = 64 * 1024;

/// Our end of a stream that a process writes to.
#[derive(Debug)]
pub(super) struct Output {
    fd: Option<OwnedFd>,
}

/// The other end, for the process.
pub(super) type Theirs = OwnedFd;

impl Output {
    /// A pipe: our end does not block.
    pub(super) fn pipe() -> Result<(Self, Theirs), Error> {
        let make = || {
            let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
            fcntl_setfl(&ours, OFlags::NONBLOCK)?;
            Ok::<_, Errno>((Self { fd: Some(ours) }, theirs))
        };
        make().doing("make", "a pipe")
    }

    /// A terminal: what is written to it comes to us.
    pub(super) fn terminal() -> Result<(Self, Theirs), Error> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let make = || {
            let ours = openpt(flags)?;
            grantpt(&ours)?;
            unlockpt(&ours)?;
            let theirs = ioctl_tiocgptpeer(&ours, flags)?;
            fcntl_setfl(&ours, OFlags::RDWR | OFlags::NONBLOCK)?;
            Ok::<_, Errno>((Self { fd: Some(ours) }, theirs))
        };
        make().doing("make", "a terminal")
    }

    /// What to poll, until the stream ends.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }

    /// Hands out what is there, at most a turn's worth.
    pub(super) fn read(&mut self, out: impl FnMut(&[u8])) {
        self.read_up_to(TURN, out);
    }

    /// Hands out what was written before the process ended, and lets go of the stream. Somebody who was started by it and
    /// still holds the other end is not waited for: all that is in the pipe now is all that the process can have written.
    pub(super) fn drain(&mut self, out: impl FnMut(&[u8])) {
        let Some(fd) = &self.fd else { return };
        let waiting = ioctl_fionread(fd).unwrap_or(0);
        self.read_up_to(usize::try_from(waiting).unwrap_or(usize::MAX), out);
        self.fd = None;
    }

    fn read_up_to(&mut self, limit: usize, mut out: impl FnMut(&[u8])) {
        let mut buffer = [0; 8192];
        let mut total = 0;
        while total < limit {
            let Some(fd) = &self.fd else { return };
            match read(fd, &mut buffer) {
                Ok(0) => self.fd = None,
                Ok(count) => {
                    total += count;
                    out(buffer.get(..count).unwrap_or_default());
                }
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => {}
                // A terminal that nobody has open any more says EIO.
                Err(Errno::IO) => self.fd = None,
                Err(error) => {
                    tracing::warn!(%error, "the output of a process cannot be read any more");
                    self.fd = None;
                }
            }
        }
    }
}

/// `/dev/null`, for reading and writing.
pub(super) fn null() -> Result<OwnedFd, Error> {
    let path = Path::new("/dev/null");
    rustix::fs::open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).doing("open", path)
}

/// The first of what a command said, for the user: the kubelet keeps 10 KiB of a probe's.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    bytes: Vec<u8>,
}

impl Excerpt {
    const MAX: usize = 10 * 1024;

    pub(super) fn add(&mut self, bytes: &[u8]) {
        let room = Self::MAX.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).trim_end().to_owned()
    }
}
