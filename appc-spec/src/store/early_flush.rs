//! A file that is flushed while it is written, so that little is left to be flushed in the end.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

/// After how many bytes the disk is set to work.
const PORTION: u64 = 16 << 20;

/// Writes to a file, and has another thread flush what is there already.
pub(super) struct EarlyFlush<'scope> {
    file: Arc<File>,
    unflushed: u64,
    ask: SyncSender<()>,
    flusher: ScopedJoinHandle<'scope, io::Result<()>>,
}

impl<'scope> EarlyFlush<'scope> {
    pub(super) fn new<'env>(scope: &'scope Scope<'scope, 'env>, file: File) -> Self {
        let file = Arc::new(file);
        let (ask, asked) = sync_channel::<()>(1);
        let of_thread = Arc::clone(&file);
        // A file tells of a lost write only once, so what this thread hears of counts.
        let flusher = scope.spawn(move || asked.iter().try_for_each(|()| of_thread.sync_data()));
        Self { file, unflushed: 0, ask, flusher }
    }

    /// Flushes what is left, and says whether all of it is on the disk.
    pub(super) fn finish(self) -> io::Result<()> {
        drop(self.ask);
        let early = self.flusher.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        early.and_then(|()| self.file.sync_all())
    }
}

impl Write for EarlyFlush<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = (&*self.file).write(bytes)?;
        self.unflushed += count as u64;
        // One that is busy is not asked twice; one that has given up says why in the end.
        if self.unflushed >= PORTION && self.ask.try_send(()).is_ok() {
            self.unflushed = 0;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
