//! Those who have an app's output beside its log: each has pipes, and what does not fit into them is passed over, so that nobody who
//! reads slowly holds the app up.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, write};
use rustix::pipe::fcntl_setpipe_size;

use crate::ports::Stream;

/// How much of the output may wait in a pipe: as much as the kernel gives everybody (`/proc/sys/fs/pipe-max-size`).
const ROOM: usize = 1024 * 1024;

/// The pipes of one who is attached.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) caller: u64,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    pub(super) skipped: u64,
}

impl Tap {
    pub(super) fn new(caller: u64, fds: Vec<OwnedFd>) -> Result<Self, Errno> {
        for fd in &fds {
            fcntl_setfl(fd, OFlags::NONBLOCK)?;
            // A smaller pipe only loses more.
            let _ = fcntl_setpipe_size(fd, ROOM);
        }
        let mut fds = fds.into_iter();
        Ok(Self { caller, stdout: fds.next(), stderr: fds.next(), skipped: 0 })
    }

    /// Passes on what fits.
    pub(super) fn write(&mut self, stream: Stream, mut bytes: &[u8]) {
        let pipe = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        while let Some(fd) = pipe
            && !bytes.is_empty()
        {
            match write(fd.as_fd(), bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.skipped += bytes.len() as u64;
                    return;
                }
                // Nobody reads any more.
                Err(_) => *pipe = None,
            }
        }
    }
}
