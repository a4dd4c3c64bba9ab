//! SIGINT, SIGTERM and SIGHUP as something to poll.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::SigId;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};

/// Counts requests to stop while it lives; then the signals do again what they did before.
#[derive(Debug)]
pub(crate) struct Signals {
    read: UnixStream,
    ids: Vec<SigId>,
}

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        let mut signals = Self { read, ids: Vec::new() };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signals.ids.push(signal_hook::low_level::pipe::register(signal, write.try_clone()?)?);
        }
        // Whoever started us may have it ignored, and then nobody's exit status would be kept. With any handler it is.
        signals.ids.push(signal_hook::flag::register(SIGCHLD, Arc::new(AtomicBool::new(false)))?);
        Ok(signals)
    }

    /// How many came since the last time.
    pub(crate) fn take(&mut self) -> usize {
        let mut buffer = [0; 16];
        self.read.read(&mut buffer).unwrap_or(0)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}
