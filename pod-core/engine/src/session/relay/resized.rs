//! Whether the user's terminal has changed its size.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use signal_hook::SigId;
use signal_hook::consts::SIGWINCH;

/// SIGWINCH as something to poll.
#[derive(Debug)]
pub(super) struct Resized {
    read: UnixStream,
    id: SigId,
}

impl Resized {
    pub(super) fn listen() -> std::io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        let id = signal_hook::low_level::pipe::register(SIGWINCH, write)?;
        Ok(Self { read, id })
    }

    pub(super) fn take(&mut self) {
        let mut buffer = [0; 16];
        let _ = std::io::Read::read(&mut self.read, &mut buffer);
    }
}

impl AsFd for Resized {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

impl Drop for Resized {
    fn drop(&mut self) {
        signal_hook::low_level::unregister(self.id);
    }
}
